using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Ranking.Store.Embedded;

namespace Ranking.Store.Tests;

/// <summary>
/// A server that one test kills, stops and starts again, empty, on its port: Garnet in this process, or a process of redis-server. Redis 7
/// is the redis-server of the path; how Redis 8 is started RANKING_TEST_REDIS8_COMMAND says.
/// </summary>
sealed class OwnRedis : IDisposable
{
    readonly string[] _command;
    readonly string[] _settings;
    Process? _process;
    EmbeddedRedis? _embedded;

    OwnRedis(string[] command, int port, string[] settings) => (_command, Port, _settings) = (command, port, settings);

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Servers that are processes.</summary>
    public static TheoryData<string> Processes => ["redis7", "redis8"];

    /// <summary>Starts one; skips the test where there is none of the kind.</summary>
    /// <param name="which">garnet, redis7 or redis8.</param>
    /// <param name="settings">Further arguments of redis-server.</param>
    public static OwnRedis Start(string which, params string[] settings) => Start(which, FreePort(), settings);

    public static OwnRedis Start(string which, int port, params string[] settings)
    {
        var server = new OwnRedis(which == "garnet" ? [] : CommandOf(which), port, settings);
        server.Start();
        return server;
    }

    public void Start()
    {
        if (_command.Length == 0)
        {
            _embedded = EmbeddedRedis.Start(new() { Port = Port });
            return;
        }
        var start = new ProcessStartInfo(_command[0]) { RedirectStandardOutput = true };
        string[] arguments = [.. _command[1..], "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", .. _settings];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        for (Stopwatch watch = Stopwatch.StartNew(); !Answers(); Thread.Sleep(20))
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30) && !_process.HasExited, $"{string.Join(' ', _command)} does not answer on port {Port}");
    }

    /// <summary>Ends it at once, with all it holds.</summary>
    public void Kill()
    {
        _embedded?.Dispose();
        if (_process is not null)
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
        (_embedded, _process) = (null, null);
    }

    /// <summary>Stops it (STOP) or lets it go on (CONT).</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose() => Kill();

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    static string[] CommandOf(string which)
    {
        TestServer.AddressOf(which); // skips where the machine has none
        string? command = Environment.GetEnvironmentVariable($"RANKING_TEST_{which.ToUpperInvariant()}_COMMAND") ?? (which == "redis7" ? "redis-server" : null);
        Assert.SkipWhen(command is null, $"RANKING_TEST_{which.ToUpperInvariant()}_COMMAND does not say how one is started");
        return command!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    bool Answers()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", Port);
            client.GetStream().Write("PING\r\n"u8);
            return client.GetStream().ReadByte() == '+';
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
