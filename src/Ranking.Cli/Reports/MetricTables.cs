using System.Globalization;
using Ranking.Training;
using Ranking.Training.Evaluation;
using Spectre.Console;

namespace Ranking.Cli.Reports;

/// <summary>Metrics of versions as tables on a terminal.</summary>
internal static class MetricTables
{
    /// <summary>The metrics of each label and, where there are segments, AUC by them.</summary>
    public static void Draw(IAnsiConsole console, EvaluationReport report)
    {
        Table table = Plain("label", "positives", "AUC", "95 % interval", "GAUC", "log loss", "NE", "ECE", "NDCG@10");
        foreach ((string label, LabelMetrics m) in report.Labels)
            table.AddRow([Markup.Escape(label), m.Positives.ToString("N0", CultureInfo.InvariantCulture), Shown(m.Auc), Between(m.AucLow, m.AucHigh, "F4"),
                .. ((double?[])[m.Gauc, m.LogLoss, m.NormalisedEntropy, m.Ece, m.Ndcg10]).Select(d => Shown(d))]);
        console.Write(table);
        foreach (string reason in report.Labels.Values.Select(m => m.GaucReason).OfType<string>().Distinct()) console.WriteLine($"no GAUC: {reason}");
        if (report.Segments is null) return;
        Table segments = Plain(["segment", "rows", .. report.Labels.Keys.SelectMany(l => (string[])[$"AUC of {l}", "95 % interval"])]);
        foreach ((string segment, IReadOnlyDictionary<string, LabelMetrics> labels) in report.Segments)
            segments.AddRow([Markup.Escape(segment), labels.Values.First().Rows.ToString("N0", CultureInfo.InvariantCulture), .. labels.Values.SelectMany(m => (string[])[Shown(m.Auc), Between(m.AucLow, m.AucHigh, "F4")])]);
        console.Write(segments);
    }

    /// <summary>How much B's AUC differs from A's.</summary>
    public static void Draw(IAnsiConsole console, ComparisonReport report)
    {
        Table table = Plain("examples", "", "label", $"AUC of {report.B} less {report.A}", "95 % interval", "p");
        void Add(string of, int rows, IReadOnlyDictionary<string, AucDifference?> labels)
        {
            foreach ((string label, AucDifference? d) in labels)
                table.AddRow(Markup.Escape(of), rows.ToString("N0", CultureInfo.InvariantCulture), Markup.Escape(label), Shown(d?.DeltaAuc, "F5"), Between(d?.Low, d?.High, "F5"), Shown(d?.P, "F5"));
        }
        Add("all", report.Rows, report.Labels);
        foreach ((string name, SegmentComparison part) in report.Segments ?? new Dictionary<string, SegmentComparison>()) Add(name, part.Rows, part.Labels);
        console.Write(table);
    }

    static Table Plain(params string[] columns) => new Table().Border(TableBorder.None).AddColumns([.. columns.Select(Markup.Escape)]);

    static string Shown(double? number, string format = "F4") => number?.ToString(format, CultureInfo.InvariantCulture) ?? "–";

    static string Between(double? low, double? high, string format) => low is null ? "–" : $"{Shown(low, format)} … {Shown(high, format)}";
}
