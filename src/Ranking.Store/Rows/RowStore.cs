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
        RedisValue[] values = new RedisValue[rows.Count + tokens.Count];
        if (values.Length == 0) return new FetchedRows(values, 0, null);
        try
        {
            if (_store.IsCluster)
                await _breaker.ExecuteAsync(_ => new ValueTask(ReadByTagAsync(rows, version, tokens, values, cancellation)), cancellation);
            else
                values = await _breaker.ExecuteAsync(_ => new ValueTask<RedisValue[]>(ReadAtOnceAsync(rows, version, tokens, cancellation)), cancellation);
            return new FetchedRows(values, rows.Count, null);
        }
        catch (BrokenCircuitException e)
        {
            return new FetchedRows(values, rows.Count, new RankingException(ErrorCodes.RedisUnreachable,
                "Redis was not asked, since it failed to answer a moment ago", e));
        }
        catch (TimeoutException e)
        {
            return new FetchedRows(values, rows.Count, new RankingException(ErrorCodes.RedisUnreachable,
                string.Create(CultureInfo.InvariantCulture, $"Redis did not answer within {_options.Timeout.TotalMilliseconds:0} ms"), e));
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            return new FetchedRows(values, rows.Count, _store.Explain(e));
        }
    }

    Task<RedisValue[]> ReadAtOnceAsync(IReadOnlyList<EntityKey> rows, string version, IReadOnlyList<string> tokens, CancellationToken cancellation)
    {
        RedisKey[] keys = new RedisKey[rows.Count + tokens.Count];
        for (int i = 0; i < rows.Count; i++) keys[i] = _store.Keys.Row(rows[i].Kind, rows[i].Id);
        for (int i = 0; i < tokens.Count; i++) keys[rows.Count + i] = _store.Keys.Token(version, tokens[i]);
        return _store.Database.StringGetAsync(keys).WaitAsync(_options.Timeout, cancellation);
    }

    // Answers are written into `values` as they come, so that one shard's failure does not lose what the others sent.
    async Task ReadByTagAsync(
        IReadOnlyList<EntityKey> rows, string version, IReadOnlyList<string> tokens, RedisValue[] values, CancellationToken cancellation)
    {
        byte[] tags = new byte[values.Length];
        int[] count = new int[KeyLayout.Tags];
        for (int i = 0; i < values.Length; i++)
        {
            tags[i] = (byte)KeyLayout.TagOf(i < rows.Count ? rows[i].Id : tokens[i - rows.Count]);
            count[tags[i]]++;
        }
        (RedisKey[] Keys, int[] Places)[] groups = new (RedisKey[], int[])[KeyLayout.Tags];
        for (int b = 0; b < KeyLayout.Tags; b++)
        {
            if (count[b] == 0) continue;
            groups[b] = (new RedisKey[count[b]], new int[count[b]]);
            count[b] = 0;
        }
        for (int i = 0; i < values.Length; i++)
        {
            int b = tags[i], at = count[b]++;
            groups[b].Places[at] = i;
            groups[b].Keys[at] = i < rows.Count ? _store.Keys.Row(rows[i].Kind, rows[i].Id, b) : _store.Keys.Token(version, tokens[i - rows.Count], b);
        }
        // All sent here, before anything is awaited.
        Task[] reads = [.. groups.Where(g => g.Keys is not null).Select(g => (g.Places, Answer: _store.Database.StringGetAsync(g.Keys)))
            .ToArray().Select(r => PlaceAsync(r.Answer, r.Places, values))];
        await Task.WhenAll(reads).WaitAsync(_options.Timeout, cancellation);
    }

    static async Task PlaceAsync(Task<RedisValue[]> answer, int[] places, RedisValue[] values)
    {
        RedisValue[] read = await answer;
        for (int i = 0; i < read.Length; i++) values[places[i]] = read[i];
    }
}
