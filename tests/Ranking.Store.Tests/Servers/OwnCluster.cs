using System.Diagnostics;
using System.Globalization;

namespace Ranking.Store.Tests;

/// <summary>
/// A Redis Cluster of one test: three shards of Debian's redis-server and a replica of the first. Clients reach each through a proxy
/// that counts trips.
/// </summary>
sealed class OwnCluster : IAsyncDisposable
{
    public const int Shards = 3;
    const int Slots = 16384;

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ranking-cluster-");
    readonly OwnRedis[] _nodes = new OwnRedis[Shards + 1];
    readonly List<string> _buses = [];
    readonly string[] _ids = new string[Shards + 1];

    OwnCluster() { }

    /// <summary>The proxies, by node; the last is the replica's.</summary>
    public CountingProxy[] Proxies { get; } = new CountingProxy[Shards + 1];

    public IReadOnlyList<OwnRedis> Nodes => _nodes;

    public string Address => Proxies[1].Address; // not the first: that one is killed

    public static async Task<OwnCluster> StartAsync()
    {
        var cluster = new OwnCluster();
        for (int n = 0; n <= Shards; n++)
        {
            int port = OwnRedis.FreePort();
            cluster.Proxies[n] = new(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));
            string announced = cluster.Proxies[n].Address.Split(':')[1], bus = OwnRedis.FreePort().ToString(CultureInfo.InvariantCulture);
            cluster._nodes[n] = OwnRedis.Start("redis7", port, "--dir", cluster._folder.FullName, "--cluster-enabled", "yes", "--cluster-config-file", $"nodes-{n}.conf",
                "--cluster-node-timeout", "1500", "--cluster-port", bus, "--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", announced, "--cluster-announce-bus-port", bus,
                "--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0");
            cluster._ids[n] = await cluster.SayAsync(n, "CLUSTER", "MYID");
            if (n < Shards) await cluster.SayAsync(n, "CLUSTER", "ADDSLOTSRANGE", n * Slots / Shards, (n + 1) * Slots / Shards - 1);
            await cluster.SayAsync(n, "CLUSTER", "SET-CONFIG-EPOCH", n + 1);
            if (n > 0) await cluster.SayAsync(n, "CLUSTER", "MEET", "127.0.0.1", cluster._nodes[0].Port, cluster._buses[0]);
            cluster._buses.Add(bus);
        }
        await Waiting.UntilAsync(async () => await cluster.KnownAsync(Shards) == Shards + 1, "the replica to know all nodes");
        await cluster.SayAsync(Shards, "CLUSTER", "REPLICATE", cluster._ids[0]);
        for (int n = 0; n <= Shards; n++)
        {
            int node = n;
            await Waiting.UntilAsync(async () => (await cluster.SayAsync(node, "CLUSTER", "INFO")).Contains("cluster_state:ok", StringComparison.Ordinal)
                && await cluster.KnownAsync(node) == Shards + 1, "the cluster to be formed");
        }
        await Waiting.UntilAsync(async () => (await cluster.SayAsync(Shards, "INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), "the replica to follow");
        return cluster;
    }

    async Task<int> KnownAsync(int node) => (await SayAsync(node, "CLUSTER", "NODES")).Split('\n').Count(l => l.Contains("connected", StringComparison.Ordinal) && !l.Contains("handshake", StringComparison.Ordinal));

    /// <summary>Connects to the whole cluster.</summary>
    public Task<StoreConnection> ConnectAsync() =>
        StoreConnection.ConnectAsync(new() { Address = Address, Namespace = "t", ConnectTimeout = TimeSpan.FromSeconds(20), CommandTimeout = TimeSpan.FromSeconds(2) });

    /// <summary>A command to one node, past its proxy, by redis-cli: a client of the cluster would follow redirections.</summary>
    public async Task<string> SayAsync(int node, params object[] command)
    {
        string[] arguments = ["-p", .. ((object[])[_nodes[node].Port, .. command]).Select(a => Convert.ToString(a, CultureInfo.InvariantCulture)!)];
        using Process cli = Process.Start(new ProcessStartInfo("redis-cli", arguments) { RedirectStandardOutput = true })!;
        string answer = await cli.StandardOutput.ReadToEndAsync();
        await cli.WaitForExitAsync();
        Assert.True(cli.ExitCode == 0 && !answer.StartsWith("ERR", StringComparison.Ordinal), $"{string.Join(' ', command)}: {answer}");
        return answer.Trim();
    }

    /// <summary>Moves slots with all they hold to another shard, as resharding does.</summary>
    public async Task MoveAsync(IEnumerable<int> slots, int from, int to)
    {
        foreach (int slot in slots)
        {
            await SayAsync(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", _ids[from]);
            await SayAsync(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", _ids[to]);
            while (await SayAsync(from, "CLUSTER", "GETKEYSINSLOT", slot, 100) is { Length: > 0 } keys)
                await SayAsync(from, ["MIGRATE", "127.0.0.1", _nodes[to].Port, "", 0, 5000, "KEYS", .. keys.Split('\n')]);
            foreach (int node in (int[])[to, from]) await SayAsync(node, "CLUSTER", "SETSLOT", slot, "NODE", _ids[to]);
        }
    }

    public ValueTask DisposeAsync()
    {
        for (int n = 0; n <= Shards; n++)
        {
            _nodes[n]?.Dispose();
            Proxies[n]?.Dispose();
        }
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
