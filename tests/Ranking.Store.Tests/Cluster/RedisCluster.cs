using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Ranking.Store.Tests.Cluster;

/// <summary>
/// Three primaries of Redis Cluster, and a replica of the first, as processes of their own on this machine. Clients reach each node
/// through a proxy, whose address is the one that the node announces.
/// </summary>
sealed class RedisCluster : IAsyncDisposable
{
    public const int Primaries = 3;
    readonly string _folder = Directory.CreateTempSubdirectory("redis-cluster-").FullName;
    readonly List<Node> _nodes = [];

    sealed record Node(Process Process, CountingProxy Proxy, int Port, int Bus);

    /// <summary>What clients connect to.</summary>
    public string Address => _nodes[1].Proxy.Address;

    public IEnumerable<CountingProxy> Proxies => _nodes.Select(n => n.Proxy);

    public static async Task<RedisCluster> StartAsync()
    {
        RedisCluster cluster = new();
        try
        {
            for (int i = 0; i <= Primaries; i++) cluster.AddNode(i);
            await cluster.JoinAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    void AddNode(int number)
    {
        (int port, int bus) = (OwnRedis.FreePort(), OwnRedis.FreePort());
        string folder = Directory.CreateDirectory(Path.Combine(_folder, number.ToString(CultureInfo.InvariantCulture))).FullName;
        CountingProxy proxy = new($"127.0.0.1:{port}");
        try
        {
            _nodes.Add(new(Start("redis-server",
                "--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no", "--cluster-enabled", "yes",
                "--cluster-node-timeout", "1000", "--cluster-port", $"{bus}", "--repl-diskless-sync-delay", "0", "--logfile", Path.Combine(folder, "log"),
                "--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", proxy.Address.Split(':')[1]), proxy, port, bus));
        }
        catch (Win32Exception)
        {
            proxy.Dispose();
            Assert.Skip("redis-server is not installed");
        }
    }

    async Task JoinAsync()
    {
        for (int i = 0; i <= Primaries; i++)
        {
            int node = i;
            await Waiting.UntilAsync(async () => await AskAsync(node, "PING") == "PONG", "a node to answer");
            if (i < Primaries) await AskAsync(i, "CLUSTER", "ADDSLOTSRANGE", $"{16384 * i / Primaries}", $"{16384 * (i + 1) / Primaries - 1}");
            if (i > 0) await AskAsync(0, "CLUSTER", "MEET", "127.0.0.1", $"{_nodes[i].Port}", $"{_nodes[i].Bus}");
        }
        string first = await AskAsync(0, "CLUSTER", "MYID");
        await Waiting.UntilAsync(async () => await AskAsync(Primaries, "CLUSTER", "REPLICATE", first) == "OK", "the replica");
        for (int i = 0; i <= Primaries; i++)
        {
            int node = i;
            await Waiting.UntilAsync(async () => await AskAsync(node, "CLUSTER", "INFO") is var info && info.Contains("cluster_state:ok", StringComparison.Ordinal)
                && info.Contains($"cluster_known_nodes:{Primaries + 1}", StringComparison.Ordinal), "the cluster");
        }
        await Waiting.UntilAsync(async () => (await AskAsync(Primaries, "INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), "the replica's copy");
    }

    /// <summary>How many calls of a command the primaries have seen.</summary>
    public async Task<long> CallsAsync(string command)
    {
        long sum = 0;
        for (int i = 0; i < Primaries; i++)
        {
            string? line = (await AskAsync(i, "INFO", "commandstats")).Split('\n').FirstOrDefault(l => l.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal));
            if (line is not null) sum += long.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture);
        }
        return sum;
    }

    /// <summary>Moves slots with what they hold from one primary to another, key by key, as an operator does.</summary>
    public async Task MoveSlotsAsync(int from, int to, int slots)
    {
        string output = await RunAsync("--cluster", "reshard", $"127.0.0.1:{_nodes[from].Port}", "--cluster-from", await AskAsync(from, "CLUSTER", "MYID"),
            "--cluster-to", await AskAsync(to, "CLUSTER", "MYID"), "--cluster-slots", $"{slots}", "--cluster-yes");
        Assert.Contains("Moving slot", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ERR", output, StringComparison.Ordinal);
    }

    /// <summary>How many keys a node holds.</summary>
    public async Task<int> KeysAsync(int node) => int.Parse(await AskAsync(node, "DBSIZE"), CultureInfo.InvariantCulture);

    /// <summary>kill -9. Of the first primary the replica takes the place.</summary>
    public void Kill(int node) => _nodes[node].Process.Kill();

    Task<string> AskAsync(int node, params string[] command) => RunAsync(["-p", $"{_nodes[node].Port}", .. command]);

    static async Task<string> RunAsync(params string[] arguments)
    {
        using Process process = Start("redis-cli", arguments);
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.TrimEnd();
    }

    static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    public async ValueTask DisposeAsync()
    {
        foreach (Node node in _nodes)
        {
            node.Proxy.Dispose();
            node.Process.Kill();
            await node.Process.WaitForExitAsync();
            node.Process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }
}
