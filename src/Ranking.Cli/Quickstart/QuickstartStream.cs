using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Store.Sink;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Replay;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;

namespace Ranking.Cli.Quickstart;

/// <summary>
/// The running stream: replay, pipeline, sinks, and a reader of examples that keeps those that are not learned from and measures the
/// smoothed target mean on them. The replay halts at the instant of ranking until it is told to go on.
/// </summary>
internal sealed class QuickstartStream : IAsyncDisposable
{
    readonly QuickstartServers servers;
    readonly FeaturePlan plan;
    readonly QuickstartSplit split;
    readonly QuickstartDetails details;
    readonly CancellationTokenSource stop;
    readonly PipelineMember member;
    readonly StoreSinks sinks;
    readonly TopicReplay replay;
    readonly TaskCompletionSource halted = new(TaskCreationOptions.RunContinuationsAsynchronously), resume = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Stopwatch watch = Stopwatch.StartNew();
    readonly List<Example> held = [];
    readonly ScoredRows baseline;
    readonly Task pipelineTask, sinkTask, collectTask, replayTask; // the collector asks for the replay's, which is set last
    long replayedMs = long.MinValue;

    /// <summary>Starts everything; training reads beside it.</summary>
    public QuickstartStream(QuickstartServers servers, StoreSinks sinks, FeatureBuilder builder, QuickstartSplit split, QuickstartDetails details, Func<RawLogs> log, string stateFolder, ILoggerFactory logs, CancellationToken cancel)
    {
        (this.servers, this.sinks, plan, this.split, this.details) = (servers, sinks, builder.Plan, split, details);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        baseline = new([.. plan.Spec.Labels.Keys]);
        // The embedded broker forgets what it has no room for: everybody who reads is known before anything is written.
        foreach (string reader in (string[])["trainer", "evaluation"]) servers.Kafka.Flow?.Register(Streams.Topics.TopicNames.Examples, reader);
        member = new(builder, servers.Kafka, servers.Partitions, logs.CreateLogger<PipelineMember>(), new() { StateFolder = stateFolder });
        replay = new(plan, servers.Kafka, servers.Partitions, stop.Token);
        pipelineTask = Guard(() => member.Run(null, stop.Token));
        sinkTask = sinks.RunAsync(stop.Token);
        collectTask = Guard(Collect);
        replayTask = Guard(() => Replay(log));
    }

    /// <summary>How far the pipeline is.</summary>
    public PipelineStatus Status => member.Status;

    /// <summary>Impressions replayed.</summary>
    public long Replayed => replay.Impressions;

    /// <summary>Seconds since the start.</summary>
    public double Seconds => watch.Elapsed.TotalSeconds;

    /// <summary>Examples that were not learned from, in order, once the stream has ended.</summary>
    public IReadOnlyList<Example> Held => held;

    /// <summary>The smoothed target mean on those examples.</summary>
    public ScoredRows Baseline => baseline;

    /// <summary>Waits until the replay has halted and rows and vectors up to that instant lie in Redis.</summary>
    public async Task HaltedAsync(Action report)
    {
        await Until(() => halted.Task.IsCompleted, report);
        await Until(() => member.Status.CaughtUp, report);
        Task drained = sinks.DrainAsync(stop.Token);
        await Until(() => drained.IsCompleted, report);
        await drained;
    }

    /// <summary>Replays the rest and waits until every example has been read.</summary>
    public async Task FinishAsync(Action report)
    {
        resume.TrySetResult();
        await Until(() => replayTask.IsCompleted && member.Status.CaughtUp, report);
        await Until(() => collectTask.IsCompleted, report);
        await collectTask;
    }

    async Task Until(Func<bool> done, Action report)
    {
        while (!done())
        {
            foreach (Task task in (Task[])[pipelineTask, sinkTask, collectTask, replayTask]) if (task.IsFaulted) await task;
            stop.Token.ThrowIfCancellationRequested();
            if (details.Lag.Count == 0 || Seconds - details.Lag[^1].Seconds >= 0.5)
            {
                long watermark = member.Status.WatermarkMs, replayed = Interlocked.Read(ref replayedMs);
                if (watermark != long.MinValue && replayed != long.MinValue) details.Lag.Add((Seconds, Math.Max(0, replayed - watermark) / 1000.0));
            }
            report();
            await Task.Delay(100, stop.Token);
        }
    }

    void Replay(Func<RawLogs> open)
    {
        using RawLogs log = open();
        bool wasHalted = false;
        foreach (SourceEvent e in log.ReadAll())
        {
            if (!wasHalted && e.TimeMs >= split.HaltMs)
            {
                wasHalted = true;
                replay.Heartbeat(split.HaltMs);
                replay.Flush();
                halted.TrySetResult();
                resume.Task.Wait(stop.Token);
            }
            replay.Write(e);
            Interlocked.Exchange(ref replayedMs, e.TimeMs);
        }
        replay.Close();
        halted.TrySetResult();
    }

    void Collect()
    {
        var mean = new SmoothedTargetMean(plan.Spec);
        double[] scores = new double[plan.Spec.Labels.Count];
        var topic = new ExampleTopic(servers.Kafka, plan.Layout, servers.Partitions, untilIdle: TimeSpan.FromSeconds(1),
            ended: () => replayTask is { IsCompleted: true } && member.Status.CaughtUp, reader: "evaluation");
        foreach (SourcedExample example in topic.Read(new Dictionary<int, long>(), stop.Token))
        {
            mean.Next(example.Example, scores);
            if (example.Example.TimeMs < split.TrainEndMs) continue;
            held.Add(example.Example);
            baseline.Add(example.Example.User, example.Example.ListKey, example.Example.Labels, scores);
        }
    }

    static Task Guard(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        foreach (Task task in (Task[])[replayTask, collectTask, pipelineTask, sinkTask])
        {
            try { await task; }
            catch (OperationCanceledException) { }
            catch (InvalidOperationException) { } // a writer that could not finish what it was told to drop
        }
        replay.Dispose();
        member.Dispose();
        stop.Dispose();
    }
}
