using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace Ranking.Cli.Doctor;

/// <summary>The Redis server or cluster: whether it answers, what it can do, and that it drops no keys.</summary>
internal static class RedisCheck
{
    /// <summary>What was found.</summary>
    public static async Task<IReadOnlyList<Finding>> Run(ConfigurationOptions options, CancellationToken stopping)
    {
        List<Finding> found = [];
        options.AbortOnConnectFail = true;
        options.AllowAdmin = true; // INFO and CONFIG GET; nothing is changed.
        try
        {
            await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(stopping);
            foreach (IServer server in connection.GetServers().Where(s => s.IsConnected && !s.IsReplica)) found.AddRange(await Server(server));
        }
        catch (RedisException e)
        {
            string message = e.Message.ReplaceLineEndings(" ");
            found.Add(Finding.Failed("redis", $"{string.Join(", ", options.EndPoints.Select(Address))}: {message}", "check the address, the network and the password (RANKING_REDIS_PASSWORD or its _FILE)"));
        }
        return found;
    }

    static async Task<IEnumerable<Finding>> Server(IServer server)
    {
        Dictionary<string, string> info = (await server.InfoAsync()).SelectMany(g => g).GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.First().Value);
        string Info(string key) => info.GetValueOrDefault(key, "unknown");
        bool vectors = await Knows(server, "VADD") && await Knows(server, "VSIM"), scripts = await Knows(server, "EVAL");
        return
        [
            Finding.Ok("redis", $"{Address(server.EndPoint)}: {(info.TryGetValue("garnet_version", out string? garnet) ? "Garnet " + garnet : Info("redis_version"))}, {server.ServerType}, {Info("used_memory_human")} used"),
            scripts
                ? Finding.Ok("redis scripts", "EVAL")
                : Finding.Failed("redis scripts", "the server knows no EVAL", "allow scripts: the sink writes rows and their offset in one step"),
            vectors
                ? Finding.Ok("redis vector sets", "VADD, VSIM")
                : Finding.Warning("redis vector sets", "the server knows no VADD and VSIM", "everything but similarity search works; for that use Redis 8 or newer"),
            await Eviction(server, Info("maxmemory_policy")),
        ];
    }

    static string Address(EndPoint endPoint) => endPoint is DnsEndPoint { Host: var host, Port: var port } ? string.Create(CultureInfo.InvariantCulture, $"{host}:{port}") : endPoint.ToString()!;

    static async Task<Finding> Eviction(IServer server, string fromInfo)
    {
        string policy = fromInfo;
        try { policy = (await server.ConfigGetAsync("maxmemory-policy")).Select(p => p.Value).FirstOrDefault() ?? fromInfo; }
        catch (RedisServerException) { } // Managed servers refuse CONFIG; INFO tells the same.
        return policy switch
        {
            "noeviction" => Finding.Ok("redis eviction", policy),
            "unknown" => Finding.Ok("redis eviction", "the server has no eviction policy"),
            _ => Finding.Failed("redis eviction", $"maxmemory-policy is {policy}: rows would be dropped without notice", "CONFIG SET maxmemory-policy noeviction, and the same in its configuration file"),
        };
    }

    static async Task<bool> Knows(IServer server, string command)
    {
        try
        {
            RedisResult result = await server.ExecuteAsync("COMMAND", "INFO", command);
            return result.Length > 0 && !result[0].IsNull && result[0].Length != 0;
        }
        catch (RedisServerException e)
        {
            return !e.Message.Contains("unknown command", StringComparison.OrdinalIgnoreCase) && e.Message.Contains(command, StringComparison.OrdinalIgnoreCase);
        }
    }
}
