using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Training.Export;
using Ranking.Training.Registry;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking models import</c>: publishes safetensors files as a version, once they fit the spec.</summary>
internal sealed class ModelsImportCommand : RankingCommand
{
    readonly Option<string> spec = SpecOptions.Spec(), registry = ModelOptions.Registry(), input = OptionFactory.Required("--in", "Folder with weights.safetensors and a table-NAME.safetensors for each table.", "DIR");
    readonly Option<string?> model = OptionFactory.Text("--model", "Kind of model; the spec's by default.", "KIND");
    readonly Option<string[]> set = SpecOptions.Set();

    public ModelsImportCommand() : base("import", "Publish weights and tables from safetensors files as a version; names and shapes must fit the spec.",
        "ranking models import --spec features/kuairand --in kuairand-2 --registry models")
    {
        foreach (Option option in (Option[])[spec, input, registry, model, set]) Add(option);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        if (!Directory.Exists(run.Get(input))) throw new RankingException(ErrorCodes.FileNotFound, $"--in: {run.Get(input)} does not exist");
        List<(string, string)> overrides = [.. SpecOptions.Overrides(run.Get(set))];
        if (run.Get(model) is { } kind) overrides.Add(("model.kind", kind));
        RankingSpec problem = SpecOptions.Read(run.Get(spec), overrides);
        ModelVersion version = VersionImport.Publish(new ModelRegistry(run.Get(registry)), problem.Name, problem, run.Get(input));
        run.Terminal.Result(new { model = version.Info.Name, version = version.Info.Version }, console => console.WriteLine($"{version} published"));
        return Task.FromResult(0);
    }
}
