using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ranking.Features.Joining;
using Ranking.Streams.Pipeline;

namespace Ranking.EndToEnd.Tests.Architecture;

/// <summary>The dashboards ask for metrics that ranker and pipeline have.</summary>
public partial class InfraTests
{
    [Theory]
    [InlineData("ranker.json")]
    [InlineData("pipeline.json")]
    public void Panels_use_real_metric_names(string file)
    {
        HashSet<string> known = [.. RankerNames(), .. PipelineNames()];
        Assert.True(known.Count >= 20, "the instruments were not found");

        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "infra/compose/grafana", file)));
        string[] used = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(p => p.GetProperty("targets").EnumerateArray())
            .SelectMany(t => Metric().Matches(t.GetProperty("expr").GetString()!)).Select(m => m.Value).Distinct()];
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void Every_dashboard_is_mounted()
    {
        string compose = File.ReadAllText(Path.Combine(Repository.Root, "infra/compose/compose.yaml"));
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "infra/compose/grafana"), "*.json"))
            Assert.Contains($"/var/lib/grafana/dashboards/{Path.GetFileName(file)}:ro", compose, StringComparison.Ordinal);
    }

    static IEnumerable<string> RankerNames()
    {
        string source = File.ReadAllText(Path.Combine(Repository.Root, "src/Ranking.Serving/Telemetry/RankerMetrics.cs"));
        return Instrument().Matches(source).SelectMany(m => PrometheusNames(m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value.Trim('"')));
    }

    static List<string> PipelineNames()
    {
        List<string> names = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name is PipelineMetrics.MeterName or JoinMetrics.MeterName)
                    names.AddRange(PrometheusNames(instrument.GetType().Name.Split('`')[0], instrument.Name, instrument.Unit));
            },
        };
        using PipelineMetrics metrics = new(() => throw new InvalidOperationException("nothing is measured"));
        RuntimeHelpers.RunClassConstructor(typeof(JoinMetrics).TypeHandle);
        listener.Start();
        return names;
    }

    // As the Prometheus exporter spells them.
    static string[] PrometheusNames(string kind, string name, string? unit)
    {
        name = name.Replace('.', '_') + (unit == "s" ? "_seconds" : "");
        return kind switch
        {
            "Counter" or "ObservableCounter" => [name + "_total"],
            "Histogram" => [name + "_bucket", name + "_sum", name + "_count"],
            _ => [name],
        };
    }

    [GeneratedRegex(@"Create(Counter|Histogram|ObservableGauge)(?:<\w+>)?\(""([\w.]+)""(?:, (""s""|null|\w+))?", RegexOptions.CultureInvariant)]
    private static partial Regex Instrument();

    [GeneratedRegex(@"\branking_\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Metric();
}
