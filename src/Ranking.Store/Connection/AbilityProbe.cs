using System.Globalization;
using StackExchange.Redis;

namespace Ranking.Store;

/// <summary>Asks a server what it can do by trying it, since versions and names promise more than they keep.</summary>
static class AbilityProbe
{
    public static async Task<StoreAbilities> AskAsync(StoreConnection store)
    {
        IServer server = store.AnyServer();
        try
        {
            Dictionary<string, string> info = await InfoAsync(server);
            string name = info.ContainsKey("garnet_version") ? "garnet" : info.GetValueOrDefault("server_name", "redis");
            RedisKey probe = store.Keys.Offset(0); // any key of ours: access lists may allow no other
            return new StoreAbilities
            {
                Server = name,
                Version = info.GetValueOrDefault(name + "_version") ?? info.GetValueOrDefault("redis_version", "unknown"),
                VectorSets = await WorksAsync(store, "VSIM", [store.Keys.Vectors("probe", "none"), "VALUES", "1", "1", "COUNT", "1"]),
                Scripts = await WorksAsync(store, "EVAL", ["return 1", "1", probe]),
                Cluster = store.IsCluster,
                EvictionPolicy = await SettingAsync(server, "maxmemory-policy") ?? info.GetValueOrDefault("maxmemory_policy"),
                MaxMemoryBytes = Bytes(await SettingAsync(server, "maxmemory") ?? info.GetValueOrDefault("maxmemory")),
                UsedMemoryBytes = Bytes(info.GetValueOrDefault("used_memory")),
            };
        }
        catch (Exception e) when (StoreConnection.IsServerFault(e))
        {
            throw store.Explain(e);
        }
    }

    public static async Task<long?> UsedMemoryAsync(StoreConnection store) => Bytes((await InfoAsync(store.AnyServer(), "memory")).GetValueOrDefault("used_memory"));

    static async Task<Dictionary<string, string>> InfoAsync(IServer server, string? section = null) => (await server.InfoAsync(section ?? default(RedisValue))).SelectMany(g => g)
        .GroupBy(p => p.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First().Value, StringComparer.Ordinal);

    static long? Bytes(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) ? bytes : null;

    static async Task<bool> WorksAsync(StoreConnection store, string command, object[] arguments)
    {
        try
        {
            await store.Database.ExecuteAsync(command, arguments);
            return true;
        }
        catch (RedisServerException)
        {
            return false; // unknown, switched off or not allowed to us: the same for what we do next
        }
    }

    static async Task<string?> SettingAsync(IServer server, string name)
    {
        try
        {
            RedisResult answer = await server.ExecuteAsync("CONFIG", "GET", name);
            return answer.Length == 2 ? (string?)answer[1] : null;
        }
        catch (RedisServerException)
        {
            return null; // managed servers forbid CONFIG
        }
    }
}
