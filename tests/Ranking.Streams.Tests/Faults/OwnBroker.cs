using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ranking.Streams.Tests.Replay;

namespace Ranking.Streams.Tests.Faults;

/// <summary>Brokers of the test's own, so that they can be killed: those of ../shared/kafka, where RANKING_TEST_KAFKA asks for real brokers at all.</summary>
sealed class OwnBroker : IDisposable
{
    readonly int nodes;
    readonly string scripts = Path.GetFullPath(Path.Combine(Repository.Root, "../shared/kafka"));
    readonly string folder = Directory.CreateTempSubdirectory("ranking-broker-").FullName;
    readonly int port;

    /// <summary>Starts one node, or a cluster of several that keeps everything on three.</summary>
    public OwnBroker(int nodes = 1)
    {
        this.nodes = nodes;
        port = FreePort(nodes);
        Assert.SkipWhen(Environment.GetEnvironmentVariable("RANKING_TEST_KAFKA") is null, "RANKING_TEST_KAFKA names no broker");
        Assert.SkipUnless(File.Exists(Path.Combine(scripts, "start")), $"{scripts} is not there: no broker to kill");
        string[] first = nodes == 1 ? ["start", FolderOf(1), $"{PortOf(1)}"] : ["cluster", folder, $"{port}", $"{nodes}"];
        // The script draws a cluster id, and of 64 one begins with a dash, which Kafka's tool takes for an option: then another is drawn.
        for (int tries = 1; Try(first[0], first[1..]) is { } failure; tries++)
        {
            Assert.True(tries < 3, failure);
            Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
        }
    }

    public int Nodes => nodes;

    /// <summary>Where the first node keeps what it has.</summary>
    public string Folder => FolderOf(1);

    public string Address => string.Join(',', Enumerable.Range(1, nodes).Select(n => $"127.0.0.1:{PortOf(n)}"));

    /// <summary>Starts a node, with the data it had.</summary>
    public void Start(int node = 1) => Script("start", FolderOf(node), $"{PortOf(node)}");

    /// <summary>Ends a node, cleanly (TERM) or as a crash (KILL).</summary>
    public void Stop(string signal, int node = 1) => Script("stop", FolderOf(node), signal);

    public void Dispose()
    {
        for (int node = 1; node <= nodes; node++) Stop("KILL", node);
        for (int tries = 1; ; tries++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (tries < 20)
            {
                Thread.Sleep(100); // a node that was killed in the middle of a write
            }
        }
    }

    string FolderOf(int node) => nodes == 1 ? folder : Path.Combine(folder, $"{node}");

    int PortOf(int node) => nodes == 1 ? port : port + 10 * node;

    void Script(string name, params string[] arguments) => Assert.Null(Try(name, arguments));

    string? Try(string name, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(scripts, name), arguments) { RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0 || name == "stop" ? null : $"{name}: {process.StandardOutput.ReadToEnd()}";
    }

    /// <summary>A port from which on every node's own and its controller's, one above, are free.</summary>
    static int FreePort(int nodes)
    {
        while (true)
        {
            int found = Random.Shared.Next(20_000, 30_000);
            if (Enumerable.Range(0, nodes + 1).All(n => IsFree(found + 10 * n) && IsFree(found + 10 * n + 1))) return found;
        }
    }

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
