using Ranking.Features.Errors;
using Ranking.Mbat;

namespace Ranking.Store.Vectors;

/// <summary>
/// The vector set of an entity kind that counts now, whichever encoder made it. Which one that is comes in the same trip as the search;
/// when it has changed, the search is done again in the new one, so that an answer is always of one set, and of the current one.
/// </summary>
public sealed class CurrentVectors : IVectorHome
{
    const int MostTurns = 4; // changes during one search; each takes minutes to prepare
    static readonly TimeSpan NotedEvery = TimeSpan.FromMinutes(1);

    readonly StoreConnection _store;
    readonly string _kind;
    readonly VectorSets _sets;
    readonly TimeProvider _clock;
    Made _current;
    long _notedMs;

    sealed record Made(string Hash, MbatEncoder Encoder, VectorStore Vectors);

    /// <summary>The vectors of an entity kind.</summary>
    /// <param name="store">The server.</param>
    /// <param name="kind">Entity kind.</param>
    /// <param name="encoder">The spec's, which is asked for first.</param>
    /// <param name="clock">The clock; null for the system's.</param>
    public CurrentVectors(StoreConnection store, string kind, MbatEncoder encoder, TimeProvider? clock = null)
    {
        (_store, _kind, _sets, _clock) = (store, kind, new(store, kind), clock ?? TimeProvider.System);
        _current = Make(encoder);
    }

    /// <inheritdoc/>
    public async Task<T> SearchAsync<T>(Func<IVectorSearch, MbatEncoder, Task<T>> search)
    {
        for (int turn = 0; ; turn++)
        {
            Made asked = Volatile.Read(ref _current);
            Task<string?> pointer = _sets.CurrentAsync();
            Task<T> found = search(asked.Vectors, asked.Encoder); // in the same trip
            string? hash;
            try
            {
                hash = await pointer;
                if (hash is null || hash == asked.Hash || turn == MostTurns) return await found;
                StoreConnection.Observe(found);
                if (await _sets.EncoderAsync(hash) is not { } encoder) continue; // dropped again, or Redis is being emptied
                Volatile.Write(ref _current, Make(encoder));
            }
            catch (Exception e) when (StoreConnection.IsServerFault(e))
            {
                StoreConnection.Observe(found);
                throw _store.Explain(e);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<T> SearchMadeByAsync<T>(MbatEncoder encoder, Func<IVectorSearch, Task<T>> search)
    {
        Made asked = Volatile.Read(ref _current) is { } now && now.Hash == encoder.SettingsHash ? now : Make(encoder);
        Task<string?> pointer = _sets.CurrentAsync();
        Task<VectorSetStage?> stage = _sets.StageAsync(asked.Hash);
        Task<T> found = search(asked.Vectors);
        try
        {
            await Task.WhenAll(pointer, stage);
            string? hash = await pointer;
            if (hash is not null && hash != asked.Hash)
            {
                if (await stage != VectorSetStage.Whole)
                {
                    throw new RankingException(ErrorCodes.EncoderDiffers,
                        $"the vectors of {_kind} were made with encoder settings {hash}, there are none (or not all yet) of {asked.Hash}");
                }
                await NoteUseAsync(asked.Hash);
            }
            return await found;
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e) || e is RankingException)
        {
            StoreConnection.Observe(found);
            throw _store.Explain(e);
        }
    }

    // So that the sinks keep it; once a minute, so that searches cost what they cost.
    Task NoteUseAsync(string hash)
    {
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds(), noted = Volatile.Read(ref _notedMs);
        return now - noted < NotedEvery.TotalMilliseconds || Interlocked.CompareExchange(ref _notedMs, now, noted) != noted
            ? Task.CompletedTask
            : _sets.UseAsync(hash, now);
    }

    Made Make(MbatEncoder encoder) => new(encoder.SettingsHash, encoder, new VectorStore(_store, _kind, encoder.SettingsHash, encoder.Dimension));
}
