using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Faults;

/// <summary>How a member's process is started.</summary>
/// <param name="Kafka">The broker.</param>
/// <param name="Namespace">The problem's topics.</param>
/// <param name="Partitions">Their partitions.</param>
/// <param name="StateFolder">Where it keeps its state.</param>
/// <param name="Member">Its name.</param>
/// <param name="KillAt">A point of the loop at which it kills itself, as by <c>kill -9</c>; null: never.</param>
/// <param name="StopAt">A point of the loop at which it stops itself, as by <c>kill -STOP</c>; null: never.</param>
/// <param name="KillAfter">How often it passes that point before.</param>
/// <param name="UntilIdle">Seconds that it must have been caught up for to end; null: it runs for ever.</param>
/// <param name="Live">Whether silent topics follow the others.</param>
/// <param name="SessionSeconds">How long the group waits for it; brokers allow no less than six seconds.</param>
/// <param name="AheadSeconds">How far, in event time, partitions may run ahead of the least.</param>
/// <param name="Client">Further settings of its Kafka clients.</param>
/// <param name="Redis">Where its sink writes to; null: it has none.</param>
sealed record MemberStart(string Kafka, string Namespace, int Partitions, string StateFolder, string Member = "m0", string? KillAt = null, string? StopAt = null, int KillAfter = 0, double? UntilIdle = 1, bool Live = false,
    double SessionSeconds = 6, double AheadSeconds = 86_400, IReadOnlyDictionary<string, string>? Client = null, string? Redis = null);

/// <summary>A member of a pipeline in a process of its own, so that it can be killed.</summary>
sealed class MemberProcess : IDisposable
{
    public const string Verb = "member";

    readonly Process process;
    readonly StringBuilder said = new();

    MemberProcess(MemberStart start)
    {
        process = new()
        {
            StartInfo = new(Path.Combine(AppContext.BaseDirectory, "Ranking.Streams.Tests"), [Verb, JsonSerializer.Serialize(start)]) { RedirectStandardError = true, RedirectStandardOutput = true },
        };
        process.OutputDataReceived += (_, e) => { lock (said) said.AppendLine(e.Data); };
        process.ErrorDataReceived += (_, e) => { lock (said) said.AppendLine(e.Data); };
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    /// <summary>What it wrote so far.</summary>
    public string Said { get { lock (said) return said.ToString(); } }

    /// <summary>Starts a process.</summary>
    public static MemberProcess Start(MemberStart start) => new(start);

    /// <summary>Its exit code; null while it runs.</summary>
    public int? ExitCode => process.HasExited ? process.ExitCode : null;

    /// <summary>Waits until it has ended.</summary>
    /// <param name="killed">Whether by a kill, or well.</param>
    public async Task Ended(bool killed = false)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(timeout.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.True(process.HasExited, $"has not ended:\n{Said}");
        Assert.True(process.ExitCode == (killed ? 137 : 0), $"ended with {process.ExitCode}:\n{Said}");
    }

    /// <summary>Waits until it has said something.</summary>
    public async Task Says(string text, int timeoutSeconds = 60, int times = 1)
    {
        for (var watch = Stopwatch.StartNew(); Said.Split(text).Length <= times; await Task.Delay(20))
        {
            if (process.HasExited) await process.WaitForExitAsync(); // until all it said has come
            Assert.True((watch.Elapsed.TotalSeconds < timeoutSeconds && !process.HasExited) || Said.Split(text).Length > times, $"never said '{text}':\n{Said}");
        }
    }

    /// <summary>Sends a signal by name.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }

    /// <summary>The process itself.</summary>
    public static async Task<int> LiveAsync(string[] args)
    {
        MemberStart start = JsonSerializer.Deserialize<MemberStart>(args[1])!;
        using var stop = new CancellationTokenSource();
        using var signal = System.Runtime.InteropServices.PosixSignalRegistration.Create(System.Runtime.InteropServices.PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        int passed = 0;
        bool committed = false;
        var options = new PipelineOptions
        {
            Member = start.Member,
            StateFolder = start.StateFolder,
            CommitEvery = TimeSpan.FromMilliseconds(10),
            BatchRecords = 200,
            StateBytes = 100_000, // little: most entities are read again and again
            Live = start.Live,
            IdleAfter = TimeSpan.FromSeconds(1),
            SessionTimeout = TimeSpan.FromSeconds(start.SessionSeconds),
            MostAhead = TimeSpan.FromSeconds(start.AheadSeconds),
            Probe = point =>
            {
                if (point == "committed" && !committed) Console.WriteLine("has committed");
                committed |= point == "committed";
                if (point != (start.KillAt ?? start.StopAt) || passed++ != start.KillAfter) return;
                if (start.StopAt is not null) Console.WriteLine("stands still");
                using Process signal = Process.Start("kill", [start.KillAt is null ? "-STOP" : "-KILL", $"{Environment.ProcessId}"]);
                signal.WaitForExit();
            },
        };
        var kafka = new KafkaSettings(start.Kafka, start.Namespace, start.Client);
        using var member = new PipelineMember(Outcome.Builder, kafka, start.Partitions, new Lines(), options);
        await using MemberSink? sink = start.Redis is null ? null : await MemberSink.StartAsync(kafka, start, () => member.Status.Held, new Lines(), stop.Token);
        try
        {
            member.Run(start.UntilIdle is { } seconds ? TimeSpan.FromSeconds(seconds) : null, stop.Token);
            if (sink is not null && !stop.IsCancellationRequested) await sink.DrainAsync();
        }
        catch (RankingException e)
        {
            Console.WriteLine($"{e.Error.Code}: {e.Message}");
            return 3;
        }
        PipelineStatus s = member.Status;
        Console.WriteLine($"done events {s.Events} examples {s.Examples} late {s.Late} dead {s.Dead}");
        return 0;
    }

    sealed class Lines : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {formatter(state, exception)}");
    }
}
