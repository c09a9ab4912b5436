using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Cli.Reports;
using Ranking.Training;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking evaluate</c>: all metrics of a version on examples, with intervals, and by segment where asked.</summary>
internal sealed class EvaluateCommand : RankingCommand
{
    const int Resamples = 200;
    readonly Option<string> registry = ModelOptions.Registry(), model = ModelOptions.Model();
    readonly Option<string[]> examples = OptionFactory.Texts("--examples", "Parquet files of examples.", "FILE");
    readonly Option<DateTimeOffset?> from = SpecOptions.From(), to = SpecOptions.To();
    readonly Option<string?> segment = OptionFactory.Text("--segment", "A feature whose values the metrics are also given by (a number's tenths), or new:FEATURE for ids that the model has no row for.", "FEATURE");

    public EvaluateCommand() : base("evaluate", "Measure a model version on examples.", "ranking evaluate --registry models --model kuairand --examples valid.parquet",
        "ranking evaluate --registry models --model kuairand@2 --examples valid.parquet --segment new:item_id")
    {
        examples.Required = true;
        foreach (Option option in (Option[])[registry, model, examples, from, to, segment]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        ModelRegistry models = ModelOptions.Open(run.Get(registry));
        VersionName name = ModelOptions.Parse(run.Get(model));
        EvaluationReport report = await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("evaluate");
            var evaluation = new VersionEvaluation(models) { Progress = p => step.Report(p.Done, p.Version) };
            return Task.FromResult(evaluation.Evaluate(name, run.Get(examples), new(run.Get(from)?.ToUnixTimeMilliseconds(), run.Get(to)?.ToUnixTimeMilliseconds()), run.Get(segment), Resamples, run.Stopping));
        });
        run.Terminal.Result(report, console => MetricTables.Draw(console, report));
        return 0;
    }
}
