using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Events;
using Ranking.Features.Joining;
using Ranking.Features.Partitioning;
using Ranking.Streams.Contracts;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Faults;

/// <summary>Partitions far ahead wait for the others, and nothing waits for ever.</summary>
public class PacingTests
{
    const int Partitions = 4, Delayed = 3;
    static readonly SourceEvent[] Log = [.. SmallLog.Events(3_000, seed: 6)];

    [Fact]
    public async Task With_every_limit_at_its_least_and_one_partition_delayed_nothing_stalls()
    {
        await using RealProblem problem = await RealProblem.Create(Partitions);
        using var member = new PipelineMember(Outcome.Builder, problem.Kafka, Partitions, NullLogger.Instance, new()
        {
            StateFolder = Path.GetDirectoryName(Path.GetDirectoryName(problem.StateOf("m0")))!,
            MostAhead = TimeSpan.FromMilliseconds(1),
            BatchRecords = 1,
            CommitEvery = TimeSpan.FromMilliseconds(20),
        });
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        Task running = Task.Factory.StartNew(() => member.Run(TimeSpan.FromSeconds(4), stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Write(problem.Kafka, Log, p => p != Delayed);
        Close(problem.Kafka, p => p != Delayed);
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken); // the others are read, and wait
        Assert.Equal(0, member.Status.Examples);
        Write(problem.Kafka, Log, p => p == Delayed);
        Close(problem.Kafka, p => p == Delayed);
        await running;
        Assert.False(stop.IsCancellationRequested, $"it stalled: {member.Status}");
        Outcome.Of(Log).MustEqual(problem.Outcome);
    }

    static void Write(KafkaSettings kafka, IEnumerable<SourceEvent> log, Func<int, bool> which)
    {
        using var writer = new TopicWriter(kafka);
        foreach (SourceEvent e in log)
            if (Murmur2.Partition(e.Key, Partitions) is var p && which(p)) writer.Write(LocalPipeline.TopicOf(e), p, Encoding.UTF8.GetBytes(e.Key), SourceMessages.Encode(e));
        writer.Flush();
    }

    static void Close(KafkaSettings kafka, Func<int, bool> which)
    {
        using var writer = new TopicWriter(kafka);
        byte[] last = SourceMessages.Heartbeat(Log[^1].TimeMs + FeatureRunTimes.Of(Outcome.Builder.Plan).ClosingMs);
        foreach (string topic in PipelineTask.TopicsOf(Outcome.Builder.Plan.Spec))
            for (int p = 0; p < Partitions; p++)
                if (which(p)) writer.Write(topic, p, SourceMessages.HeartbeatKey, last);
        writer.Flush();
    }
}
