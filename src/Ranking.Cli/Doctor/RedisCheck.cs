using System.Globalization;
using Ranking.Features.Errors;
using Ranking.Store;

namespace Ranking.Cli.Doctor;

/// <summary>The Redis server or cluster: whether it answers, what it can do, and that it drops no keys.</summary>
internal static class RedisCheck
{
    /// <summary>What was found.</summary>
    public static async Task<IReadOnlyList<Finding>> Run(StoreOptions options, CancellationToken stopping)
    {
        try
        {
            await using StoreConnection store = await StoreConnection.ConnectAsync(options).WaitAsync(stopping);
            StoreAbilities server = await store.AbilitiesAsync().WaitAsync(stopping);
            string used = server.UsedMemoryBytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $", {bytes >> 20} MiB used") : "";
            return
            [
                Finding.Ok("redis", $"{options.Address}: {server.Server} {server.Version}{(server.Cluster ? ", cluster" : "")}{used}"),
                server.Scripts
                    ? Finding.Ok("redis scripts", "EVAL works")
                    : Finding.Warning("redis scripts", "EVAL does not work", "allow scripts: without them the sink writes a row and its offset by WATCH and MULTI, which takes more trips"),
                server.VectorSets
                    ? Finding.Ok("redis vector sets", "VSIM works")
                    : Finding.Warning("redis vector sets", "VSIM does not work", "everything but similarity search works; for that use Redis 8 or newer"),
                Eviction(server),
            ];
        }
        catch (RankingException e)
        {
            return [Finding.Failed("redis", e.Message, "check the address, the network and the password (RANKING_REDIS_PASSWORD or its _FILE)")];
        }
    }

    static Finding Eviction(StoreAbilities server) => server switch
    {
        { EvictionPolicy: null } => Finding.Ok("redis eviction", "the server has no eviction policy"),
        { KeepsRows: true } => Finding.Ok("redis eviction", server.MaxMemoryBytes == 0 ? $"{server.EvictionPolicy}, no memory limit" : server.EvictionPolicy),
        _ => Finding.Failed("redis eviction", $"maxmemory-policy is {server.EvictionPolicy}: rows would be dropped without notice", "CONFIG SET maxmemory-policy noeviction, and the same in its configuration file"),
    };
}
