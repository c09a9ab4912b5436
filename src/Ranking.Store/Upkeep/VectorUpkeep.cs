using System.Numerics.Tensors;
using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Store.Upkeep;

/// <summary>What <c>ranking store verify|rebuild|erase</c> do to the vector set of an entity kind.</summary>
/// <param name="store">The server; it has vector sets.</param>
/// <param name="kind">Entity kind.</param>
/// <param name="encoder">The spec's.</param>
public sealed class VectorUpkeep(StoreConnection store, string kind, MbatEncoder encoder)
{
    const int Batch = 200;
    const int MostExamples = 20;
    const float Same = 0.99999f; // what is stored was divided by its length and rounded

    readonly VectorStore _vectors = new(store, kind, encoder.SettingsHash, encoder.Dimension);
    readonly VectorInventory _inventory = new(store, kind, encoder.SettingsHash);
    readonly VectorSets _sets = new(store, kind);

    /// <summary>Compares all vectors with those of the documents that the topic ends with. Meant for a sink that is caught up or stopped.</summary>
    /// <param name="expected">Every document that can be encoded, once, in any order.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses; RNK3006: a vector has another dimension.</exception>
    public async Task<StoreDifferences> VerifyAsync(IAsyncEnumerable<(string Id, byte[] Json)> expected, CancellationToken cancellation = default)
    {
        (long same, long changed, long missing, long surplus) = (0, 0, 0, 0);
        List<string> examples = [];
        HashSet<string> known = [];
        List<(string Id, byte[] Json)> batch = new(Batch);
        await foreach ((string, byte[]) document in expected.WithCancellation(cancellation))
        {
            batch.Add(document);
            if (batch.Count == Batch) await CompareAsync();
        }
        await CompareAsync();
        await foreach ((string id, _) in _inventory.AllAsync(cancellation))
            if (known.Add(id))
            {
                surplus++;
                Show("surplus", id);
            }
        return new StoreDifferences(same, changed, missing, surplus, examples);

        async Task CompareAsync()
        {
            float[]?[] found = await Task.WhenAll(batch.Select(d => _vectors.VectorAsync(d.Id)));
            float[] right_D = new float[encoder.Dimension];
            for (int i = 0; i < found.Length; i++)
            {
                (string id, byte[] json) = batch[i];
                known.Add(id);
                encoder.Encode(json, right_D);
                bool none = !right_D.AsSpan().ContainsAnyExcept(0f); // a document without a direction has no vector
                if (found[i] is null ? none : TensorPrimitives.Dot<float>(found[i], right_D) > Same) same++;
                else if (found[i] is null)
                {
                    missing++;
                    Show("missing", id);
                }
                else
                {
                    changed++;
                    Show("changed", id);
                }
            }
            batch.Clear();
        }

        void Show(string how, string id)
        {
            if (examples.Count < MostExamples) examples.Add($"{how} {id}");
        }
    }

    /// <summary>
    /// Makes the sinks of all encoders' sets begin at the beginning, by deleting their offsets; running ones notice within a second.
    /// Vectors stay searchable meanwhile.
    /// </summary>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public Task RebuildAsync() => OnAllAsync(hash => store.Database.KeyDeleteAsync(store.Keys.VectorOffsets(kind, hash)));

    /// <summary>Deletes an entity's vectors and what is known of its document, of all encoders.</summary>
    /// <returns>Whether there was a vector of this encoder.</returns>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public async Task<bool> EraseAsync(string id)
    {
        bool existed = await _vectors.VectorAsync(id) is not null;
        await OnAllAsync(hash => Task.WhenAll(
            new VectorStore(store, kind, hash, encoder.Dimension).RemoveAsync([id]),
            new VectorInventory(store, kind, hash).ForgetAsync([id])));
        return existed;
    }

    async Task OnAllAsync(Func<string, Task> act)
    {
        try
        {
            VectorSetsState state = await _sets.ReadAsync();
            await Task.WhenAll(state.Sets.Keys.Append(encoder.SettingsHash).Distinct().Select(act));
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw store.Explain(e);
        }
    }
}
