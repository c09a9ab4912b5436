using System.CommandLine;
using System.Text.Json;
using Ranking.Cli.Parsing;
using Ranking.Training.Registry;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking models show</c>: where a version comes from and its metrics, once its files are checked.</summary>
internal sealed class ModelsShowCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry(), model = ModelOptions.Model();

    public ModelsShowCommand() : base("show", "Show a version: its origin, machine and metrics; its files are checked.", "ranking models show --registry models --model kuairand@1")
    {
        Add(registry);
        Add(model);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        ModelVersion version = ModelOptions.Open(run.Get(registry)).Open(ModelOptions.Parse(run.Get(model)));
        JsonElement? metrics = File.Exists(version.Metrics) ? JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(version.Metrics)) : null;
        run.Terminal.Result(new { model = version.Info.Name, version = version.Info.Version, folder = version.Folder, info = version.Info, metrics },
            console => console.WriteLine(JsonSerializer.Serialize(new { info = version.Info, metrics }, Indented)));
        return Task.FromResult(0);
    }

    static readonly JsonSerializerOptions Indented = new(Output.Json.Options) { WriteIndented = true };
}
