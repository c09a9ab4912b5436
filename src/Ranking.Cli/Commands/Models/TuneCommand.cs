using System.CommandLine;
using System.Globalization;
using Ranking.Cli.Parsing;
using Ranking.Features.Spec;
using Ranking.Training.Batches;
using Ranking.Training.Tuning;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking tune</c>: a seeded search over settings; every trial is logged, and a search that was stopped goes on.</summary>
internal sealed class TuneCommand : RankingCommand
{
    readonly Option<string> spec = SpecOptions.Spec(), device = OptionFactory.Choice("--device", "Where to train.", ["cpu", "cuda"], "cpu");
    readonly Option<string[]> examples = OptionFactory.Texts("--examples", "Parquet files of examples.", "FILE"), valid = OptionFactory.Texts("--valid", "Parquet files that trials are compared on.", "FILE"),
        model = OptionFactory.Texts("--model", "Kinds of model, each with as many trials; the spec's by default.", "KIND"), set = SpecOptions.Set(),
        range = OptionFactory.Texts("--range", "What a setting is drawn from, instead of its usual range: a,b,c or 1..4 or 0.0..0.4 or 1e-3..3e-2:log.", "KEY=RANGE");
    readonly Option<int> trials = OptionFactory.Integer("--trials", "Trials of each kind.", 20, 1, 100_000);
    readonly Option<ulong> seed = OptionFactory.Seed("--seed", "Seed of the draws.", 1);
    readonly Option<string?> log = OptionFactory.Text("--log", "File of the trials, one JSON object a line, which a search goes on from; trials.jsonl by default.", "FILE");

    public TuneCommand() : base("tune", "Search for settings of model and training, and log every trial.",
        "ranking tune --spec features/kuairand --examples train.parquet --valid valid.parquet --trials 20",
        "ranking tune --spec features/kuairand --examples train.parquet --valid valid.parquet --trials 20 --model dcnv2 deepfm --range training.batch=256,512")
    {
        examples.Required = valid.Required = true;
        foreach (Option option in (Option[])[spec, examples, valid, trials, model, set, range, seed, device, log]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        RankingSpec problem = SpecOptions.Read(run.Get(spec), SpecOptions.Overrides(run.Get(set)));
        var search = new Search
        {
            Spec = problem,
            Examples = new ExampleFiles(problem, run.Get(examples)),
            Validation = new ExampleFiles(problem, run.Get(valid)),
            Trials = run.Get(trials),
            Kinds = run.Get(model),
            Ranges = [.. run.Get(range).Select(SearchRange.Parse)],
            Seed = run.Get(seed),
            Device = run.Get(device),
        };
        TuningOutcome outcome = await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("trials", search.Trials * Math.Max(1, search.Kinds.Count));
            return Task.FromResult(new Tuner(run.Get(log) ?? "trials.jsonl").Run(search, new Shown(step), run.Stopping));
        });
        run.Terminal.Result(outcome, console => Draw(console, outcome));
        return outcome.Best is null ? 1 : 0;
    }

    static void Draw(IAnsiConsole console, TuningOutcome outcome)
    {
        Table table = new Table().Border(TableBorder.None).AddColumns("kind", "trial", "AUC", "settings");
        foreach ((string kind, Trial? best) in outcome.BestByKind)
            table.AddRow(Markup.Escape(kind), best?.Number.ToString(CultureInfo.InvariantCulture) ?? "–", best?.Auc?.ToString("F4", CultureInfo.InvariantCulture) ?? "all failed",
                Markup.Escape(best is null ? "" : string.Join(' ', best.Settings.Select(s => $"{s.Key}={s.Value}"))));
        console.Write(table);
    }

    sealed class Shown(Progress.Step step) : IProgress<Trial>
    {
        int done;
        double best;

        public void Report(Trial value)
        {
            best = Math.Max(best, value.Auc ?? 0);
            step.Report(++done, string.Create(CultureInfo.InvariantCulture, $"best AUC {best:F4}"));
        }
    }
}
