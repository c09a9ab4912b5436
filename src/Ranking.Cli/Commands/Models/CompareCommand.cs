using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Cli.Reports;
using Ranking.Training;
using Ranking.Training.Registry;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking compare</c>: whether one version beats another on the same examples, users as the unit.</summary>
internal sealed class CompareCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry(), a = OptionFactory.Required("--a", "The first version.", "NAME@V"), b = OptionFactory.Required("--b", "The second version.", "NAME@V");
    readonly Option<string[]> examples = OptionFactory.Texts("--examples", "Parquet files of examples.", "FILE"),
        examplesB = OptionFactory.Texts("--examples-b", "The same examples with the second version's features, where it has others.", "FILE");
    readonly Option<string?> segment = OptionFactory.Text("--segment", "A feature whose values are compared by as well, or new:FEATURE for ids that the first model has no row for.", "FEATURE");

    public CompareCommand() : base("compare", "Test whether two versions differ on the same examples.", "ranking compare --registry models --a kuairand@1 --b kuairand@2 --examples valid.parquet",
        "ranking compare --registry models --a kuairand@1 --b kuairand@3 --examples valid.parquet --examples-b with/valid.parquet --segment new:item_id")
    {
        examples.Required = true;
        foreach (Option option in (Option[])[registry, a, b, examples, examplesB, segment]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        ModelRegistry models = ModelOptions.Open(run.Get(registry));
        VersionName first = ModelOptions.Parse(run.Get(a)), second = ModelOptions.Parse(run.Get(b));
        ComparisonReport report = await Progress.Run(run.Terminal, progress =>
        {
            using Progress.Step step = progress.Begin("compare");
            var evaluation = new VersionEvaluation(models) { Progress = p => step.Report(p.Done, p.Version) };
            return Task.FromResult(evaluation.Compare(first, second, run.Get(examples), filesB: run.Get(examplesB) is { Length: > 0 } other ? other : null, segment: run.Get(segment), cancel: run.Stopping));
        });
        run.Terminal.Result(report, console => MetricTables.Draw(console, report));
        return 0;
    }
}
