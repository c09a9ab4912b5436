using System.Globalization;
using ScottPlot;

namespace Ranking.RetrievalStudy;

/// <summary>Lines over a common axis, which may be logarithmic.</summary>
internal sealed class LinePlot(string xAxis, string yAxis, double yLow, double yHigh, bool logX = false)
{
    private const int Width = 760, Height = 400;
    private readonly List<(string Name, (double X, double Y)[] Points, bool Dashed)> _lines = [];

    public void Add(string name, IEnumerable<(double X, double Y)> points, bool dashed = false) => _lines.Add((name, [.. points], dashed));

    public void Save(string path, string title)
    {
        using Plot plot = new();
        plot.Title(title);
        plot.XLabel(xAxis);
        plot.YLabel(yAxis);
        plot.Axes.SetLimitsY(yLow, yHigh);
        foreach ((string name, (double X, double Y)[] points, bool dashed) in _lines)
        {
            var line = plot.Add.Scatter([.. points.Select(p => At(p.X))], points.Select(p => p.Y).ToArray());
            line.LegendText = name;
            line.LineWidth = 2;
            line.MarkerSize = dashed ? 0 : 5;
            line.LinePattern = dashed ? LinePattern.Dashed : LinePattern.Solid;
        }
        // Every other power of two where all would not fit.
        double[] xs = [.. _lines.SelectMany(l => l.Points).Select(p => p.X).Distinct().Order()];
        double[] shown = xs.Length <= 10 ? xs : [.. xs.Where((_, i) => i % ((xs.Length + 8) / 9) == 0)];
        plot.Axes.Bottom.SetTicks([.. shown.Select(At)], [.. shown.Select(x => x.ToString("0.##", CultureInfo.InvariantCulture))]);
        plot.ShowLegend(Edge.Right);
        plot.SaveSvg(path, Width, Height);
    }

    private double At(double x) => logX ? Math.Log2(x) : x;
}
