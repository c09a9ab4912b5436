using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Training.Registry;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking models rollback</c>: makes the version serve that served before.</summary>
internal sealed class ModelsRollbackCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry(), model = ModelOptions.Model();

    public ModelsRollbackCommand() : base("rollback", "Make the version serve that served before.", "ranking models rollback --registry models --model kuairand")
    {
        Add(registry);
        Add(model);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        VersionName name = ModelOptions.Parse(run.Get(model));
        int version = ModelOptions.Open(run.Get(registry)).Rollback(name.Name);
        run.Terminal.Result(new { model = name.Name, version }, console => console.WriteLine($"{name.Name}@{version} serves again"));
        return Task.FromResult(0);
    }
}
