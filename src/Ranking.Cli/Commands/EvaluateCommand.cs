using System.CommandLine;
using System.Globalization;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Training;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking evaluate</c>: all metrics of a version on examples, beside the smoothed target mean.</summary>
internal sealed class EvaluateCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry(), model = ModelOptions.Model();
    readonly Option<string[]> examples = OptionFactory.Texts("--examples", "Parquet files of examples.", "FILE");
    readonly Option<DateTimeOffset?> from = SpecOptions.From(), to = SpecOptions.To();

    public EvaluateCommand() : base("evaluate", "Measure a model version on examples.", "ranking evaluate --registry models --model kuairand --examples valid.parquet")
    {
        examples.Required = true;
        foreach (Option option in (Option[])[registry, model, examples, from, to]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        ModelVersion version = ModelOptions.Open(run.Get(registry)).Open(ModelOptions.Parse(run.Get(model)));
        EvaluationReport report = await Progress.Run(run.Terminal, progress =>
        {
            using RankingModel loaded = VersionModel.Load(version);
            RankingSpec spec = VersionModel.SpecOf(version);
            var files = new ExampleFiles(spec, run.Get(examples));
            using Progress.Step step = progress.Begin("evaluate", files.Count);
            ScoredRows rows = Score(loaded, spec, new ExampleRange(files, new(run.Get(from)?.ToUnixTimeMilliseconds(), run.Get(to)?.ToUnixTimeMilliseconds())), step, run.Stopping);
            if (rows.Count == 0) throw new RankingException(ErrorCodes.NothingToTrain, "no example lies in the files and times that were given");
            return Task.FromResult(Evaluator.Evaluate(rows, new() { GaucReason = GaucRule.ReasonAgainst(spec, files.UserFrozenAtMs, files.FirstTimeMs) }));
        });
        run.Terminal.Result(report, console => Draw(console, report));
        return 0;
    }

    /// <summary>Scores examples and shows how far it is.</summary>
    internal static ScoredRows Score(RankingModel model, RankingSpec spec, IExampleSource examples, Progress.Step step, CancellationToken stopping)
    {
        long done = 0;
        return ExampleScorer.Score(spec, vectors =>
        {
            step.Report(done += vectors.Count);
            return model.Score(vectors);
        }, examples, cancel: stopping);
    }

    /// <summary>Draws the metrics.</summary>
    internal static void Draw(IAnsiConsole console, EvaluationReport report)
    {
        Table table = new Table().Border(TableBorder.None).AddColumns("label", "positives", "AUC", "GAUC", "log loss", "NE", "ECE", "NDCG@10");
        foreach ((string label, LabelMetrics m) in report.Labels)
            table.AddRow([Markup.Escape(label), m.Positives.ToString("N0", CultureInfo.InvariantCulture), .. ((double?[])[m.Auc, m.Gauc, m.LogLoss, m.NormalisedEntropy, m.Ece, m.Ndcg10]).Select(Shown)]);
        console.Write(table);
        foreach (string reason in report.Labels.Values.Select(m => m.GaucReason).OfType<string>().Distinct()) console.WriteLine($"no GAUC: {reason}");
    }

    static string Shown(double? number) => number?.ToString("F4", CultureInfo.InvariantCulture) ?? "–";
}
