using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ranking.EndToEnd.Tests.Architecture;

/// <summary>The dashboard asks for metrics that the ranker has.</summary>
public partial class InfraTests
{
    [Fact]
    public void Panels_use_real_metric_names()
    {
        string source = File.ReadAllText(Path.Combine(Repository.Root, "src/Ranking.Serving/Telemetry/RankerMetrics.cs"));
        HashSet<string> known = [];
        foreach (Match instrument in Instrument().Matches(source))
        {
            string name = instrument.Groups[2].Value.Replace('.', '_') + (instrument.Groups[3].Value == "\"s\"" ? "_seconds" : "");
            known.UnionWith(instrument.Groups[1].Value switch
            {
                "Counter" => [name + "_total"],
                "Histogram" => [name + "_bucket", name + "_sum", name + "_count"],
                _ => (string[])[name],
            });
        }
        Assert.True(known.Count >= 10, "the instruments were not found in RankerMetrics.cs");

        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "infra/compose/grafana/ranker.json")));
        string[] used = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(p => p.GetProperty("targets").EnumerateArray())
            .SelectMany(t => Metric().Matches(t.GetProperty("expr").GetString()!)).Select(m => m.Value).Distinct()];
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(known));
    }

    [GeneratedRegex(@"Create(Counter|Histogram|ObservableGauge)(?:<\w+>)?\(""([\w.]+)""(?:, (""s""|null|\w+))?", RegexOptions.CultureInvariant)]
    private static partial Regex Instrument();

    [GeneratedRegex(@"\branking_\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Metric();
}
