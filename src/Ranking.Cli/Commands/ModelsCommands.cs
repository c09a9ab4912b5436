using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Training.Registry;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking models list</c>: all versions, which one serves, and damage where a version cannot be read.</summary>
internal sealed class ModelsListCommand : RankingCommand
{
    readonly Option<string> registry = ModelOptions.Registry();

    public ModelsListCommand() : base("list", "List the versions of all models.", "ranking models list --registry models") => Add(registry);

    public override Task<int> RunAsync(Invocation run)
    {
        IReadOnlyList<VersionLine> lines = ModelOptions.Open(run.Get(registry)).List();
        var versions = lines.Select(l => new { model = l.Name, version = l.Version, promoted = l.Promoted, kind = l.Info?.Kind, created = l.Info?.Created, samples = l.Info?.Samples, feature_hash = l.Info?.FeatureHash, damage = l.Damage }).ToArray();
        run.Terminal.Result(new { versions }, console =>
        {
            Table table = new Table().Border(TableBorder.None).AddColumns("model", "kind", "created", "samples", "");
            foreach (VersionLine line in lines)
            {
                table.AddRow(Markup.Escape($"{line.Name}@{line.Version}"), Markup.Escape(line.Info?.Kind ?? "?"), line.Info?.Created.ToString("u", CultureInfo.InvariantCulture) ?? "?",
                    line.Info?.Samples.ToString("N0", CultureInfo.InvariantCulture) ?? "?", Markup.Escape(line.Damage is null ? line.Promoted ? "promoted" : "" : $"damaged: {line.Damage}"));
            }
            console.Write(table);
        });
        return Task.FromResult(0);
    }
}

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
