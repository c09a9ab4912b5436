using System.CommandLine;
using System.Globalization;
using Ranking.Cli.Parsing;
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
