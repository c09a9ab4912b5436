using System.Numerics.Tensors;
using Ranking.Mbat;
using Ranking.Store.Vectors;
using StackExchange.Redis;

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

    readonly VectorStore _vectors = new(store, kind, encoder.Dimension);
    readonly VectorInventory _inventory = new(store, kind);

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
    /// Makes the sink begin at the beginning, by deleting its offsets; a running one notices within a second. Vectors of another encoder
    /// are deleted first, since they cannot stand beside new ones; others stay searchable meanwhile.
    /// </summary>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public async Task RebuildAsync()
    {
        RedisKey[] keys = [.. Enumerable.Range(0, KeyLayout.Tags).Select(b => store.Keys.VectorOffset(kind, b))];
        if (await _vectors.SettingsAsync() is { } made && made != encoder.SettingsHash)
            keys = [store.Keys.Vectors(kind), store.Keys.VectorDocuments(kind), store.Keys.VectorDeletions(kind), store.Keys.VectorSettings(kind), .. keys];
        try
        {
            await store.Database.KeyDeleteAsync(keys); // one slot
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw store.Explain(e);
        }
    }

    /// <summary>Deletes an entity's vector and what is known of its document.</summary>
    /// <returns>Whether there was a vector.</returns>
    /// <exception cref="Ranking.Features.Errors.RankingException">RNK3001, RNK3002: Redis is away or refuses.</exception>
    public async Task<bool> EraseAsync(string id)
    {
        bool existed = await _vectors.VectorAsync(id) is not null;
        await _vectors.RemoveAsync([id]);
        try
        {
            await _inventory.ForgetAsync([id]);
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw store.Explain(e);
        }
        return existed;
    }
}
