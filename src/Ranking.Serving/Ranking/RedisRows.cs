using Polly.CircuitBreaker;
using Ranking.Features.Errors;
using Ranking.Serving.Limits;
using Ranking.Store.Rows;
using Ranking.Store.Tokens;

namespace Ranking.Serving.Ranking;

/// <summary>Rows and tokens of Redis, through the store's one pipelined trip.</summary>
internal sealed class RedisRows(RowStore rows, TokenWriter tokens) : IRowFetcher
{
    public async Task<FetchedRows> FetchAsync(FetchPlan plan, string model)
    {
        var keys = new EntityKey[plan.Rows.Count];
        for (int i = 0; i < keys.Length; i++) keys[i] = new(plan.Rows[i].Kind, plan.Rows[i].Id);
        Store.Rows.FetchedRows fetched = await rows.FetchAsync(keys, TokenVersion(model), plan.Tokens).ConfigureAwait(false);
        var rowBytes = new ReadOnlyMemory<byte>[fetched.RowCount];
        for (int i = 0; i < rowBytes.Length; i++) if (fetched.TryGetRow(i, out ReadOnlyMemory<byte> row)) rowBytes[i] = row;
        // Nothing came: tokens would only be computed one by one, and not be kept.
        byte[]?[]? tokenBytes = fetched.TokenCount == 0 || fetched.Failure is not null ? null : new byte[]?[fetched.TokenCount];
        for (int i = 0; i < (tokenBytes?.Length ?? 0); i++) if (fetched.TryGetToken(i, out ReadOnlyMemory<byte> token)) tokenBytes![i] = token.ToArray();
        return new(rowBytes, tokenBytes, ReasonOf(fetched.Failure), fetched.Failure?.Message) { Holder = fetched };
    }

    public void WriteTokens(string model, IReadOnlyList<(string Item, byte[] Value)> computed)
    {
        foreach ((string item, byte[] value) in computed) tokens.TryWrite(TokenVersion(model), item, value);
    }

    static string? ReasonOf(RankingException? failure) => failure?.InnerException switch
    {
        null => failure is null ? null : RedisGuard.Unavailable,
        BrokenCircuitException => RedisGuard.Open,
        TimeoutException => RedisGuard.TimedOut,
        _ => RedisGuard.Unavailable,
    };

    /// <summary>NAME@V as keys may spell it: a version's number follows the last dot.</summary>
    static string TokenVersion(string model) => model.Replace('@', '.');
}

/// <summary>A ranker without Redis: every owner is unknown and every answer degraded.</summary>
internal sealed class NoRows : IRowFetcher
{
    public Task<FetchedRows> FetchAsync(FetchPlan plan, string model) =>
        Task.FromResult(FetchedRows.Nothing(plan) with { Reason = RedisGuard.Unavailable, Trouble = "no Redis is configured" });

    public void WriteTokens(string model, IReadOnlyList<(string Item, byte[] Value)> computed) { }
}
