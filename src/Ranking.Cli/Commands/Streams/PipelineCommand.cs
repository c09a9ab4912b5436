using System.CommandLine;
using System.Diagnostics;
using System.Runtime;
using Microsoft.Extensions.Logging;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Spec;
using Ranking.Serving.Telemetry;
using Ranking.Store;
using Ranking.Store.Sink;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking pipeline</c>: events to examples and rows, rows and documents to Redis.</summary>
internal sealed partial class PipelineCommand : ProblemCommand
{
    static readonly PipelineOptions Defaults = new();
    readonly Option<string?> redis = RedisAddress.Option();
    readonly Option<string?> memberName = OptionFactory.Text("--member", "Name of this member of the pipeline, m0 by default: each running one needs its own.", "NAME", CommonOptions.NameMistake);
    readonly Option<string?> state = OptionFactory.Text("--state", "Folder of the members' state; ranking in the user's folder for state by default.", "DIR");
    readonly Option<bool> live = OptionFactory.Flag("--live", "Topic-partitions where nothing comes follow the others; without it they hold time back.");
    readonly Option<TimeSpan?> commitEvery = OptionFactory.Duration("--commit-every", "Time between commits; 100ms by default.");
    readonly Option<int> stateMemory = OptionFactory.Integer("--state-memory", "What entities may take in memory, in MiB, estimated; the others are read from the disk when they are needed.", (int)(Defaults.StateBytes >> 20), 1, 1 << 20);
    readonly Option<int> admin = OptionFactory.Integer("--admin", "Port of metrics and health; 0 picks a free one. Without it there is none.", -1, 0, 65535);
    readonly Option<TimeSpan?> untilIdle = OptionFactory.Duration("--until-idle", "End once all was read and nothing came for so long.");

    public PipelineCommand() : base("pipeline", "Join, count and featurise events; write examples to Kafka, rows and the documents' vectors to Redis.",
        "ranking pipeline --spec features/kuairand --kafka localhost:9092 --redis localhost:6379 --until-idle 5s")
    {
        redis.Required = true;
        foreach (Option option in (Option[])[redis, memberName, live, untilIdle, commitEvery, state, stateMemory, admin]) Add(option);
    }

    public override bool IsServer => true;

    public override async Task<int> RunAsync(Invocation run)
    {
        var watch = Stopwatch.StartNew();
        GCSettings.LatencyMode = GCLatencyMode.Batch; // nobody waits for an answer: collecting beside the work costs a fifth more CPU than stopping for it
        (RankingSpec problem, KafkaSettings topics) = Problem(run);
        int partitions = await ProblemTopics.EnsureAsync(topics, problem);
        await using StoreConnection store = await StoreConnection.ConnectAsync(RedisAddress.Store(run.Get(redis)!, run.Get(CommonOptions.Namespace) ?? problem.Name));
        var builder = new FeatureBuilder(new FeaturePlan(problem));
        using var member = new PipelineMember(builder, topics, partitions, run.Logs.CreateLogger<PipelineMember>(), new()
        {
            Member = run.Get(memberName) ?? Defaults.Member,
            StateFolder = run.Get(state) ?? Defaults.StateFolder,
            Live = run.Get(live),
            CommitEvery = run.Get(commitEvery) ?? Defaults.CommitEvery,
            StateBytes = (long)run.Get(stateMemory) << 20,
        });
        using var metrics = new PipelineMetrics(() => member.Status);
        await using MetricsPort? port = run.Get(admin) is >= 0 and var number ? await MetricsPort.OpenAsync(number, PipelineMetrics.MeterName, JoinMetrics.MeterName) : null;
        if (port is not null) LogMetrics(run.Logs.CreateLogger<PipelineCommand>(), port.Address);
        using StoreSinks sinks = await StoreSinks.OpenAsync(builder.Plan, topics, partitions, store, run.Logs, () => member.Status.Held);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Stopping);
        Task sink = sinks.RunAsync(stop.Token);
        PipelineStatus status = await Progress.Run(run.Terminal, async progress =>
        {
            using Progress.Step step = progress.Begin("pipeline");
            Task pipeline = Task.Factory.StartNew(() => member.Run(run.Get(untilIdle), stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            while (await Task.WhenAny(pipeline, sink, Task.Delay(500)) is var done && done != pipeline)
            {
                if (done == sink) await sink;
                PipelineStatus now = member.Status;
                step.Report(now.Events, now.WatermarkMs == long.MinValue ? $"time is held back by {now.HeldBackBy}" : FormattableString.Invariant($"{now.Examples} examples"));
            }
            await pipeline;
            return member.Status;
        });
        if (!run.Stopping.IsCancellationRequested && await Task.WhenAny(sink, sinks.DrainAsync(run.Stopping)) == sink) await sink;
        await stop.CancelAsync();
        await sink;
        if (run.Get(untilIdle) is not null && !run.Stopping.IsCancellationRequested && status.WatermarkMs == long.MinValue)
            throw new RankingException(ErrorCodes.TimeHeldBack, $"time never moved: {status.HeldBackBy} holds no event and no heartbeat");
        double seconds = watch.Elapsed.TotalSeconds;
        run.Terminal.Result(new { events = status.Events, examples = status.Examples, late = status.Late, dead = status.Dead, served = status.Served, staler_rows = status.StalerShare, seconds },
            console =>
            {
                console.WriteLine(FormattableString.Invariant($"{status.Events} events, {status.Examples} examples, {status.Late} late, {status.Dead} dead, {seconds:F1} s"));
                if (status.Served > 0) console.WriteLine(FormattableString.Invariant($"{status.Served} examples have the features that were served; {status.StalerShare ?? 0:P2} of their rows were staler than the delay"));
            });
        return 0;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "metrics and health on {Address}")]
    static partial void LogMetrics(ILogger logger, Uri address);
}
