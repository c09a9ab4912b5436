using System.CommandLine;
using System.Diagnostics;
using Ranking.Cli.Parsing;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Replay;
using Ranking.Streams.Topics;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking replay</c>: raw logs to topics, in event-time order.</summary>
internal sealed class ReplayCommand : ProblemCommand
{
    readonly Option<string?> data = SpecOptions.Data();
    readonly Option<double?> rate = OptionFactory.Number("--rate", "Events a second at most; as fast as it goes by default.", 0.001, 1e9);
    readonly Option<DateTimeOffset?> from = SpecOptions.From(), to = SpecOptions.To();
    readonly Option<bool> noClose = OptionFactory.Flag("--no-close", "Leave windows open after the last event: more will follow.");

    public ReplayCommand() : base("replay", "Write raw logs to the source topics in event-time order.", "ranking replay --spec features/kuairand --kafka localhost:9092")
    {
        foreach (Option option in (Option[])[data, rate, from, to, noClose]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        var watch = Stopwatch.StartNew();
        (RankingSpec problem, KafkaSettings topics) = Problem(run);
        int partitions = await ProblemTopics.EnsureAsync(topics, problem);
        using var logs = new RawLogs(problem, run.Get(SpecFolder), SpecOptions.DataFolder(run.Get(SpecFolder), run.Get(data)), new(TempFolder: run.TemporaryFolder));
        using var replay = new TopicReplay(new FeaturePlan(problem), topics, partitions, run.Stopping);
        await Progress.Run(run.Terminal, progress => Task.FromResult(Write(run, logs, replay, progress)));
        double seconds = watch.Elapsed.TotalSeconds;
        run.Terminal.Result(new { impressions = replay.Impressions, feedback = replay.Feedback, entities = replay.Entities, seconds },
            console => console.WriteLine(FormattableString.Invariant($"{replay.Impressions} impressions, {replay.Feedback} feedback, {replay.Entities} entities, {seconds:F1} s")));
        return 0;
    }

    long Write(Invocation run, RawLogs logs, TopicReplay replay, Progress progress)
    {
        using Progress.Step step = progress.Begin("replay");
        long? fromMs = run.Get(from)?.ToUnixTimeMilliseconds(), toMs = run.Get(to)?.ToUnixTimeMilliseconds();
        var watch = Stopwatch.StartNew();
        long events = 0;
        foreach (SourceEvent e in logs.ReadAll().SkipWhile(e => e.TimeMs < fromMs).TakeWhile(e => !(e.TimeMs >= toMs)))
        {
            run.Stopping.ThrowIfCancellationRequested();
            replay.Write(e);
            events++;
            if (run.Get(rate) is { } most && events / most - watch.Elapsed.TotalSeconds is > 0.001 and var early) run.Stopping.WaitHandle.WaitOne(TimeSpan.FromSeconds(early));
            if ((events & 255) == 0) step.Report(events);
        }
        if (run.Get(noClose)) replay.Flush();
        else replay.Close();
        return events;
    }
}
