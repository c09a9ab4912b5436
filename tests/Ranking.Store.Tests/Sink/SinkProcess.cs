using System.Diagnostics;
using System.Globalization;
using Ranking.Store.Sink;
using Ranking.Streams.Topics;

namespace Ranking.Store.Tests;

/// <summary>A sink in a process of its own, so that it can be stopped at any instruction, and killed.</summary>
sealed class SinkProcess : IDisposable
{
    public const string Verb = "sink";

    readonly Process _process;

    SinkProcess(KafkaSettings kafka, int partitions, string redis) =>
        _process = Process.Start(Path.Combine(AppContext.BaseDirectory, "Ranking.Store.Tests"), [Verb, kafka.BootstrapServers, kafka.Namespace, partitions.ToString(CultureInfo.InvariantCulture), redis]);

    public static SinkProcess Start(KafkaSettings kafka, int partitions, string redis) => new(kafka, partitions, redis);

    /// <summary>Sends a signal by name: STOP, CONT, KILL.</summary>
    public void Signal(string name)
    {
        Assert.False(_process.HasExited, "the sink has ended by itself");
        using Process kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    public static async Task<int> LiveAsync(string[] args)
    {
        KafkaSettings kafka = new(args[1], args[2]);
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = args[4], Namespace = kafka.Namespace, CommandTimeout = TimeSpan.FromSeconds(1), ConnectTimeout = TimeSpan.FromSeconds(20) });
        using KafkaRows rows = new(kafka, int.Parse(args[3], CultureInfo.InvariantCulture));
        RowSink sink = new(store, new() { BatchTime = TimeSpan.FromMilliseconds(20), LookEvery = TimeSpan.FromMilliseconds(100), MoveUpEvery = TimeSpan.FromMilliseconds(300), BatchSize = 50 });
        await new SinkLoop<RowChange>(rows, sink).RunAsync(CancellationToken.None);
        return 0;
    }
}
