using System.Globalization;
using System.Net;
using System.Text;
using Ranking.Cli.Quickstart;
using Ranking.Training.Evaluation;
using ScottPlot;

namespace Ranking.Cli.Reports;

/// <summary>The quickstart's report: one HTML file that needs nothing else, its plots inline.</summary>
internal static class QuickstartReport
{
    const int Width = 560, Height = 320;

    /// <summary>Writes it.</summary>
    public static void Write(string path, string name, QuickstartResult result, QuickstartDetails details)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $$"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{Text(name)}}: quickstart</title><style>
            body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2rem auto;padding:0 1rem;color:#222}
            table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.25rem .8rem;border-bottom:1px solid #ddd;text-align:left;overflow-wrap:anywhere}td.n{white-space:nowrap;text-align:right;font-variant-numeric:tabular-nums}
            .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(540px,1fr));gap:1rem}svg{max-width:100%;height:auto}code{font-size:85%;color:#555}
            </style></head><body><h1>{{Text(name)}}: from a log to a ranked list</h1>
            """);
        Table(html, ["", ""],
        [
            ["events through the pipeline", N(result.Events)], ["events per second, training beside it", N(result.EventsPerS)], ["examples", N(result.Examples)],
            ["training, samples per second", N(result.TrainSamplesPerS)], ["model", result.Model ?? ""],
            ["200 candidates over HTTP, p50 / p99", $"{F(result.RankP50Ms, 2)} / {F(result.RankP99Ms, 2)} ms"],
            ["NDCG@10 of real lists, ranked / as shown", $"{F(result.RankNdcg10, 4)} / {F(result.ShownNdcg10, 4)}"],
            ["Redis", result.RedisBytes is { } bytes ? $"{bytes / 1048576.0:F1} MiB" : "not said by the server"], ["seconds in all", F(result.Seconds, 1)],
        ]);
        html.Append("<h2>On what was not learned from</h2>");
        Table(html, ["label", "AUC", "AUC of smoothed target means", "log loss", "calibration", "ECE"],
            result.Labels.Select(l => (IReadOnlyList<string>)[l.Key, F(l.Value.Auc, 4), F(l.Value.BaselineAuc, 4),
                F(details.Evaluation?.Labels[l.Key].LogLoss, 4), F(details.Evaluation?.Labels[l.Key].Calibration, 3), F(details.Evaluation?.Labels[l.Key].Ece, 4)]));
        html.Append("<div class=plots>");
        Plot(html, "Calibration", "predicted", "observed", plot =>
        {
            foreach ((string label, LabelMetrics metrics) in details.Evaluation?.Labels ?? new Dictionary<string, LabelMetrics>())
            {
                if (metrics.Reliability is not { Count: > 0 } bins) continue;
                plot.Add.Scatter(bins.Select(b => b.MeanScore).ToArray(), bins.Select(b => b.Rate).ToArray()).LegendText = label;
            }
            plot.Add.Line(0, 0, 1, 1).LineStyle = new LineStyle(1, Colors.Gray, LinePattern.Dashed);
            plot.ShowLegend(Alignment.LowerRight);
        });
        Plot(html, "Training loss", "samples", "loss", plot => Curve(plot, details.Loss.Select(p => ((double)p.Samples, p.Loss))));
        Plot(html, "Lag of the pipeline", "seconds since the start", "hours behind the replay", plot => Curve(plot, details.Lag.Select(p => (p.Seconds, p.LagSeconds / 3600))));
        Plot(html, "Latency of 200 candidates over HTTP", "milliseconds", "requests", plot =>
        {
            if (details.LatenciesMs.Length == 0) return;
            double most = details.LatenciesMs[(int)((details.LatenciesMs.Length - 1) * .995)];
            const int bins = 40;
            double width = Math.Max(most / bins, 1e-3);
            int[] counts = new int[bins];
            foreach (double ms in details.LatenciesMs) counts[Math.Min(bins - 1, (int)(ms / width))]++;
            plot.Add.Bars(counts.Select((c, i) => new Bar { Position = (i + .5) * width, Value = c, Size = width, LineWidth = 0 }).ToArray());
        });
        html.Append("</div>");
        if (details.Ranked.Count > 0)
        {
            html.Append("<h2>A ranked list</h2><p>What one user was really shown on the last day, in the ranker's order.</p>");
            Table(html, ["rank", "item", "score", "shown at", "liked", "document"], details.Ranked.Select((r, i) => (IReadOnlyList<string>)
                [N(i + 1), r.Item.Id, F(r.Item.Score, 4), N(r.ShownAt + 1), r.Liked switch { true => "yes", false => "no", _ => "" }, Short(r.Document)]));
        }
        html.Append("<h2>Similar documents</h2>");
        html.Append(CultureInfo.InvariantCulture, $"<p>{Text(result.Retrieval ?? "not run")}</p>");
        if (details.Neighbours.Count > 0) Table(html, ["item", "similarity", "document"], details.Neighbours.Select(n => (IReadOnlyList<string>)[n.Id, F(n.Similarity, 4), Short(n.Document)]));
        html.Append("</body></html>\n");
        File.WriteAllText(path, html.ToString());
    }

    static void Curve(Plot plot, IEnumerable<(double X, double Y)> points)
    {
        (double X, double Y)[] all = [.. points];
        if (all.Length == 0) return;
        var line = plot.Add.Scatter(all.Select(p => p.X).ToArray(), all.Select(p => p.Y).ToArray());
        line.MarkerSize = 0;
        line.LineWidth = 2;
    }

    static void Plot(StringBuilder html, string title, string x, string y, Action<Plot> draw)
    {
        using var plot = new Plot();
        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        draw(plot);
        html.Append("<div>").Append(plot.GetSvgHtml(Width, Height)).Append("</div>");
    }

    static void Table(StringBuilder html, IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        html.Append("<table><tr>");
        foreach (string h in head) html.Append("<th>").Append(Text(h)).Append("</th>");
        html.Append("</tr>");
        foreach (IReadOnlyList<string> row in rows)
        {
            html.Append("<tr>");
            foreach ((int column, string cell) in row.Index())
                html.Append(column > 0 && cell.Length > 0 && char.IsAsciiDigit(cell[0]) ? "<td class=n>" : "<td>").Append(Text(cell)).Append("</td>");
            html.Append("</tr>");
        }
        html.Append("</table>");
    }

    static string Short(string? document) => document is null ? "" : document.Length > 220 ? document[..220] + "…" : document;

    static string Text(string text) => WebUtility.HtmlEncode(text);

    static string N(double number) => number.ToString("N0", CultureInfo.InvariantCulture);

    static string F(double? number, int digits) => number?.ToString($"F{digits}", CultureInfo.InvariantCulture) ?? "–";
}
