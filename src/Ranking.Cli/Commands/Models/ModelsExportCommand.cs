using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Training.Export;
using Ranking.Training.Registry;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking models export</c>: a version's weights and tables as safetensors with an ONNX graph over them, trees in LightGBM's text format, with a card.</summary>
internal sealed class ModelsExportCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry(), model = ModelOptions.Model(), output = OptionFactory.Required("--out", "A new folder for the files.", "DIR");

    public ModelsExportCommand() : base("export", "Write a version for other programs: safetensors and ONNX, or LightGBM's text, and a JSON card.",
        "ranking models export --registry models --model kuairand@2 --out kuairand-2")
    {
        foreach (Option option in (Option[])[registry, model, output]) Add(option);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        ModelVersion version = ModelOptions.Open(run.Get(registry)).Open(ModelOptions.Parse(run.Get(model)));
        IReadOnlyList<string> files = VersionExport.Write(version, run.Get(output));
        run.Terminal.Result(new { model = version.Info.Name, version = version.Info.Version, folder = Path.GetFullPath(run.Get(output)), files },
            console => console.WriteLine($"{version}: {string.Join(", ", files)}"));
        return Task.FromResult(0);
    }
}
