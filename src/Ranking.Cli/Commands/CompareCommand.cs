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

/// <summary><c>ranking compare</c>: whether one version beats another on the same examples, users as the unit.</summary>
internal sealed class CompareCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry(), a = OptionFactory.Required("--a", "The first version.", "NAME@V"), b = OptionFactory.Required("--b", "The second version.", "NAME@V");
    readonly Option<string[]> examples = OptionFactory.Texts("--examples", "Parquet files of examples.", "FILE");

    public CompareCommand() : base("compare", "Test whether two versions differ on the same examples.", "ranking compare --registry models --a kuairand@1 --b kuairand@2 --examples valid.parquet")
    {
        examples.Required = true;
        foreach (Option option in (Option[])[registry, a, b, examples]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        ModelRegistry models = ModelOptions.Open(run.Get(registry));
        ModelVersion first = models.Open(ModelOptions.Parse(run.Get(a))), second = models.Open(ModelOptions.Parse(run.Get(b)));
        if (first.Info.FeatureHash != second.Info.FeatureHash)
            throw new RankingException(ErrorCodes.FeatureHashDiffers, $"{first} has feature hash {first.Info.FeatureHash}, {second} {second.Info.FeatureHash}; the same examples must fit both");
        IReadOnlyDictionary<string, AucDifference?> labels = await Progress.Run(run.Terminal, progress =>
            Task.FromResult(Evaluator.Compare(Score(run, progress, first), Score(run, progress, second))));
        run.Terminal.Result(new { a = first.ToString(), b = second.ToString(), labels }, console =>
        {
            Table table = new Table().Border(TableBorder.None).AddColumns("label", $"AUC of {Markup.Escape(second.ToString())} less {Markup.Escape(first.ToString())}", "95 % interval", "p");
            foreach ((string label, AucDifference? d) in labels)
                table.AddRow(Markup.Escape(label), Shown(d?.DeltaAuc), d is null ? "–" : $"{Shown(d.Low)} … {Shown(d.High)}", Shown(d?.P));
            console.Write(table);
        });
        return 0;
    }

    ScoredRows Score(Invocation run, Progress progress, ModelVersion version)
    {
        using RankingModel loaded = VersionModel.Load(version);
        RankingSpec spec = VersionModel.SpecOf(version);
        var files = new ExampleFiles(spec, run.Get(examples));
        using Progress.Step step = progress.Begin(version.ToString(), files.Count);
        return EvaluateCommand.Score(loaded, spec, files, step, run.Stopping);
    }

    static string Shown(double? number) => number?.ToString("F5", CultureInfo.InvariantCulture) ?? "–";
}
