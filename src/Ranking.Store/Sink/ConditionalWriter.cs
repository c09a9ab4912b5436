using StackExchange.Redis;

namespace Ranking.Store.Sink;

/// <summary>
/// Writes rows and offset of one hash tag if, and only if, the offset is still the expected one. One script call; where the server
/// refuses scripts, WATCH, GET, MULTI and EXEC, which is the same promise in two trips.
/// </summary>
sealed class ConditionalWriter(StoreConnection store, bool useScripts)
{
    // KEYS: offset, rows to set, keys to delete. ARGV: expected offset ('' for none), new offset, number of rows to set, their values.
    // Sets come before deletes: with memory full the first SET fails and the script has changed nothing.
    const string Script = """
        local at = redis.call('GET', KEYS[1]) or ''
        if at ~= ARGV[1] then return at end
        local sets = tonumber(ARGV[3])
        for i = 1, sets do redis.call('SET', KEYS[1 + i], ARGV[3 + i]) end
        for i = sets + 2, #KEYS do redis.call('DEL', KEYS[i]) end
        redis.call('SET', KEYS[1], ARGV[2])
        return 1
        """;

    /// <returns>Whether it was written; if not, what the offset key holds instead (null for nothing).</returns>
    public Task<(bool Written, string? Found)> WriteAsync(
        RedisKey offset, string? expected, string next, IReadOnlyList<(RedisKey Key, byte[] Value)> sets, IReadOnlyList<RedisKey> deletes) =>
        useScripts ? ByScriptAsync(offset, expected, next, sets, deletes) : ByTransactionAsync(offset, expected, next, sets, deletes);

    async Task<(bool, string?)> ByScriptAsync(
        RedisKey offset, string? expected, string next, IReadOnlyList<(RedisKey Key, byte[] Value)> sets, IReadOnlyList<RedisKey> deletes)
    {
        RedisKey[] keys = [offset, .. sets.Select(s => s.Key), .. deletes];
        RedisValue[] values = [expected ?? "", next, sets.Count, .. sets.Select(s => (RedisValue)s.Value)];
        // EVAL, not EVALSHA: a server that came back empty does not know the script's hash.
        RedisResult result = await store.Database.ScriptEvaluateAsync(Script, keys, values, CommandFlags.NoScriptCache);
        if (result.Resp2Type == ResultType.Integer) return (true, null);
        string found = (string?)result ?? "";
        return (false, found.Length == 0 ? null : found);
    }

    async Task<(bool, string?)> ByTransactionAsync(
        RedisKey offset, string? expected, string next, IReadOnlyList<(RedisKey Key, byte[] Value)> sets, IReadOnlyList<RedisKey> deletes)
    {
        ITransaction transaction = store.Database.CreateTransaction();
        transaction.AddCondition(expected is null ? Condition.KeyNotExists(offset) : Condition.StringEqual(offset, expected));
        List<Task> queued = [];
        foreach ((RedisKey key, byte[] value) in sets) queued.Add(transaction.StringSetAsync(key, value));
        foreach (RedisKey key in deletes) queued.Add(transaction.KeyDeleteAsync(key));
        queued.Add(transaction.StringSetAsync(offset, next));
        if (!await transaction.ExecuteAsync()) return (false, await store.Database.StringGetAsync(offset));
        await Task.WhenAll(queued); // a command that failed inside the transaction, such as for memory, throws here
        return (true, null);
    }
}
