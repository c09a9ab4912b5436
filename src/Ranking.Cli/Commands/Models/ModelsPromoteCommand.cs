using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Training.Registry;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking models promote</c>: makes a version serve.</summary>
internal sealed class ModelsPromoteCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry(), model = ModelOptions.Model();

    public ModelsPromoteCommand() : base("promote", "Make a version serve, once its files are checked.", "ranking models promote --registry models --model kuairand@2")
    {
        Add(registry);
        Add(model);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        VersionName name = ModelOptions.Parse(run.Get(model));
        if (name.Version is not { } version) throw new RankingException(ErrorCodes.WrongUsage, $"--model: {Usage.Quote(run.Get(model))} names no version; NAME@V is expected");
        ModelRegistry models = ModelOptions.Open(run.Get(registry));
        int? before = models.Promoted(name.Name);
        models.Promote(name.Name, version);
        run.Terminal.Result(new { model = name.Name, version, before }, console => console.WriteLine($"{name} serves now{(before is null ? "" : $", {name.Name}@{before} before")}"));
        return Task.FromResult(0);
    }
}
