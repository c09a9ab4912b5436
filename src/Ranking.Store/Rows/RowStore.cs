using System.Globalization;
using Polly;
using Polly.CircuitBreaker;
using Ranking.Features.Errors;
using StackExchange.Redis;

namespace Ranking.Store.Rows;

/// <summary>
/// Reads the rows and cached tokens of a request, whatever their number, in one round trip: one MGET where there is one server; in a
/// cluster, whose MGET stays within a slot, one MGET a hash tag, all sent before the first answer, which is one trip a shard.
/// Safe for concurrent use.
/// </summary>
public sealed class RowStore
{
    readonly StoreConnection _store;
    readonly RowStoreOptions _options;
    readonly ResiliencePipeline _breaker;
    int _expectedBytes; // of a fetch: as many as the last one brought

    /// <summary>Reads through <paramref name="store"/>.</summary>
    public RowStore(StoreConnection store, RowStoreOptions? options = null)
    {
        _store = store;
        _options = options ?? new RowStoreOptions();
        _breaker = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            FailureRatio = 0.5,
            MinimumThroughput = _options.BreakAfter,
            SamplingDuration = TimeSpan.FromSeconds(2),
            BreakDuration = _options.BreakFor,
            ShouldHandle = new PredicateBuilder().Handle<Exception>(StoreConnection.IsServerFault),
        }).Build();
    }

    /// <summary>Reads rows.</summary>
    public Task<FetchedRows> FetchAsync(IReadOnlyList<EntityKey> rows, CancellationToken cancellation = default) =>
        FetchAsync(rows, "", [], cancellation);

    /// <summary>Reads rows and, in the same trip, the tokens of items for a model version.</summary>
    /// <param name="rows">Rows to read; copies are read once each.</param>
    /// <param name="version">Model version of the tokens; of no account where <paramref name="tokens"/> is empty.</param>
    /// <param name="tokens">Ids of the items whose tokens are read.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>
    /// What was there. A server that is away, hangs or refuses is no exception: it leaves gaps and <see cref="FetchedRows.Failure"/>,
    /// so that the ranker goes on with what it has.
    /// </returns>
    public async Task<FetchedRows> FetchAsync(
        IReadOnlyList<EntityKey> rows, string version, IReadOnlyList<string> tokens, CancellationToken cancellation = default)
    {
        var fetched = new FetchedRows(rows.Count, tokens.Count);
        if (rows.Count + tokens.Count == 0) return fetched;
        try
        {
            await _breaker.ExecuteAsync(_ => new ValueTask(_store.IsCluster
                ? ReadByTagAsync(rows, version, tokens, fetched, cancellation) : ReadAtOnceAsync(rows, version, tokens, fetched, cancellation)), cancellation);
            _expectedBytes = fetched.Bytes;
        }
        catch (BrokenCircuitException e)
        {
            fetched.Failure = new RankingException(ErrorCodes.RedisUnreachable, "Redis was not asked, since it failed to answer a moment ago", e);
        }
        catch (TimeoutException e)
        {
            fetched.Failure = new RankingException(ErrorCodes.RedisUnreachable, string.Create(CultureInfo.InvariantCulture, $"Redis did not answer within {_options.Timeout.TotalMilliseconds:0} ms"), e);
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            fetched.Failure = _store.Explain(e);
        }
        return fetched;
    }

    async Task ReadAtOnceAsync(IReadOnlyList<EntityKey> rows, string version, IReadOnlyList<string> tokens, FetchedRows fetched, CancellationToken cancellation)
    {
        var keys = new RedisKeyOrValue[rows.Count + tokens.Count];
        for (int i = 0; i < rows.Count; i++) keys[i] = _store.Keys.Row(rows[i].Kind, rows[i].Id);
        for (int i = 0; i < tokens.Count; i++) keys[rows.Count + i] = _store.Keys.Token(version, tokens[i]);
        using RespResult answer = await AskAsync(keys).WaitAsync(_options.Timeout, cancellation);
        fetched.Take(answer, null, _expectedBytes);
    }

    // Answers are taken as they come, so that one shard's failure does not lose what the others sent.
    async Task ReadByTagAsync(IReadOnlyList<EntityKey> rows, string version, IReadOnlyList<string> tokens, FetchedRows fetched, CancellationToken cancellation)
    {
        byte[] tags = new byte[rows.Count + tokens.Count];
        int[] count = new int[KeyLayout.Tags];
        for (int i = 0; i < tags.Length; i++)
        {
            tags[i] = (byte)KeyLayout.TagOf(i < rows.Count ? rows[i].Id : tokens[i - rows.Count]);
            count[tags[i]]++;
        }
        (RedisKeyOrValue[] Keys, int[] Places)[] groups = new (RedisKeyOrValue[], int[])[KeyLayout.Tags];
        for (int b = 0; b < KeyLayout.Tags; b++)
        {
            if (count[b] == 0) continue;
            groups[b] = (new RedisKeyOrValue[count[b]], new int[count[b]]);
            count[b] = 0;
        }
        for (int i = 0; i < tags.Length; i++)
        {
            int b = tags[i], at = count[b]++;
            groups[b].Places[at] = i;
            groups[b].Keys[at] = i < rows.Count ? _store.Keys.Row(rows[i].Kind, rows[i].Id, b) : _store.Keys.Token(version, tokens[i - rows.Count], b);
        }
        // All sent here, before anything is awaited.
        (Task<RespResult> Answer, int[] Places)[] asked = [.. groups.Where(g => g.Keys is not null).Select(g => (AskAsync(g.Keys), g.Places))];
        Task all = Task.WhenAll(asked.Select(a => a.Answer));
        try
        {
            await all.WaitAsync(_options.Timeout, cancellation);
        }
        finally
        {
            foreach ((Task<RespResult> answer, int[] places) in asked)
            {
                if (!answer.IsCompletedSuccessfully) continue;
                using RespResult came = await answer;
                fetched.Take(came, places, _expectedBytes);
            }
        }
    }

    Task<RespResult> AskAsync(RedisKeyOrValue[] keys) => _store.Database.ExecuteRespAsync("MGET", keys);
}
