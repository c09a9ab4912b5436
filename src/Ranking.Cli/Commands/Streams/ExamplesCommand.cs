using System.CommandLine;
using System.Diagnostics;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Spec;
using Ranking.Streams.Examples;
using Ranking.Streams.Replay;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking examples</c>: the examples that the pipeline would make, from files and without Kafka.</summary>
internal sealed class ExamplesCommand : RankingCommand
{
    readonly Option<string> spec = SpecOptions.Spec(), output = OptionFactory.Required("--out", "Parquet file of the examples.", "FILE.parquet");
    readonly Option<string?> data = SpecOptions.Data(), arrival = OptionFactory.Text("--arrival", "Column that says when an event arrived: the sorter runs too, late events included.", "COLUMN");
    readonly Option<DateTimeOffset?> from = SpecOptions.From(), to = SpecOptions.To(), freeze = OptionFactory.Instant("--freeze-user-at", "Users' own aggregates stay as they are then, so that GAUC means something.");
    readonly Option<int> partitions = OptionFactory.Integer("--partitions", "Partitions of the recorded order; with --arrival.", 1, 1, 64);

    public ExamplesCommand() : base("examples", "Make training examples from raw logs, as the pipeline would.", "ranking examples --spec features/kuairand --out examples.parquet")
    {
        foreach (Option option in (Option[])[spec, data, output, from, to, freeze, arrival, partitions]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        if (run.Has(partitions) && !run.Has(arrival)) throw new RankingException(ErrorCodes.WrongUsage, "--partitions needs --arrival");
        if (!int.IsPow2(run.Get(partitions))) throw new RankingException(ErrorCodes.WrongUsage, $"--partitions: {run.Get(partitions)} is no power of two");
        var watch = Stopwatch.StartNew();
        RankingSpec problem = SpecOptions.Read(run.Get(spec));
        using var logs = new RawLogs(problem, run.Get(spec), SpecOptions.DataFolder(run.Get(spec), run.Get(data)), new(TempFolder: run.TemporaryFolder));
        using var writer = new ExampleFileWriter(run.Get(output), problem, run.Get(freeze)?.ToUnixTimeMilliseconds());
        var target = new Target(writer, run.Get(from)?.ToUnixTimeMilliseconds(), run.Get(to)?.ToUnixTimeMilliseconds());
        await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("events");
            var pipeline = new LocalPipeline(new(new FeaturePlan(problem)), run.Get(partitions), target, run.Get(freeze));
            long events = 0;
            foreach (SourceEvent e in run.Get(arrival) is { } column ? logs.ReadByArrival(column) : logs.ReadAll())
            {
                if (run.Has(arrival)) pipeline.Add(e);
                else pipeline.AddInOrder(e);
                if ((++events & 1023) != 0) continue;
                run.Stopping.ThrowIfCancellationRequested();
                step.Report(events, $"{writer.Count} examples");
            }
            pipeline.Close();
            writer.Complete();
            return Task.FromResult(0);
        });
        double seconds = watch.Elapsed.TotalSeconds;
        run.Terminal.Result(new { examples = writer.Count, rejected = target.Rejected, seconds },
            console => console.WriteLine(FormattableString.Invariant($"{writer.Count} examples in {run.Get(output)}, {target.Rejected} events not used, {seconds:F1} s")));
        return 0;
    }

    sealed class Target(ExampleFileWriter writer, long? fromMs, long? toMs) : ILocalOutput
    {
        public long Rejected { get; private set; }

        public void Emit(Example example)
        {
            if (!(example.TimeMs < fromMs) && !(example.TimeMs >= toMs)) writer.Add(example);
        }

        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted) { }

        public void Reject(SourceEvent sourceEvent, Rejection why, string detail) => Rejected++;
    }
}
