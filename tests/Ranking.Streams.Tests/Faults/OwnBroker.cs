using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ranking.Streams.Tests.Replay;

namespace Ranking.Streams.Tests.Faults;

/// <summary>A broker of the test's own, so that it can be killed: the one of ../shared/kafka, where RANKING_TEST_KAFKA asks for real brokers at all.</summary>
sealed class OwnBroker : IDisposable
{
    readonly string scripts = Path.GetFullPath(Path.Combine(Repository.Root, "../shared/kafka"));
    readonly string folder = Directory.CreateTempSubdirectory("ranking-broker-").FullName;
    readonly int port = FreePort();

    public OwnBroker()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("RANKING_TEST_KAFKA") is null, "RANKING_TEST_KAFKA names no broker");
        Assert.SkipUnless(File.Exists(Path.Combine(scripts, "start")), $"{scripts} is not there: no broker to kill");
        Start();
    }

    public string Address => $"127.0.0.1:{port}";

    /// <summary>Starts it, with the data it had.</summary>
    public void Start() => Script("start", folder, $"{port}");

    /// <summary>Ends it, cleanly (TERM) or as a crash (KILL).</summary>
    public void Stop(string signal) => Script("stop", folder, signal);

    public void Dispose()
    {
        Stop("KILL");
        Directory.Delete(folder, recursive: true);
    }

    void Script(string name, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(scripts, name), arguments) { RedirectStandardOutput = true })!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0 || name == "stop", $"{name}: {process.StandardOutput.ReadToEnd()}");
    }

    /// <summary>A port that is free together with the one after it, which is the controller's.</summary>
    static int FreePort()
    {
        while (true)
        {
            using var one = new TcpListener(IPAddress.Loopback, 0);
            one.Start();
            int found = ((IPEndPoint)one.LocalEndpoint).Port;
            using var next = new TcpListener(IPAddress.Loopback, found + 1);
            try { next.Start(); return found; }
            catch (SocketException) { }
        }
    }
}
