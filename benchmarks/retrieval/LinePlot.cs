using System.Globalization;
using System.Security;
using System.Text;

namespace Ranking.RetrievalStudy;

/// <summary>Lines over a common axis, as a small SVG.</summary>
internal sealed class LinePlot(string xAxis, string yAxis, double yLow, double yHigh, bool logX = false)
{
    private const double Left = 60, Top = 40, Width = 520, Height = 300;
    private static readonly string[] Colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#17becf", "#7f7f7f"];
    private readonly List<(string Name, (double X, double Y)[] Points, bool Dashed)> _lines = [];

    public void Add(string name, IEnumerable<(double X, double Y)> points, bool dashed = false) => _lines.Add((name, [.. points], dashed));

    public string ToSvg(string title)
    {
        double[] xs = [.. _lines.SelectMany(l => l.Points).Select(p => p.X).Distinct().Order()];
        StringBuilder svg = new();
        Append(svg, $"<svg xmlns='http://www.w3.org/2000/svg' width='760' height='400' font-family='sans-serif' font-size='12'><rect width='760' height='400' fill='white'/>\n");
        Append(svg, $"<text x='{Left}' y='24' font-size='15'>{SecurityElement.Escape(title)}</text><text x='{Left + Width / 2}' y='{Top + Height + 40}' text-anchor='middle'>{xAxis}</text>\n");
        Append(svg, $"<text transform='translate(16 {Top + Height / 2}) rotate(-90)' text-anchor='middle'>{yAxis}</text>\n");
        for (int i = 0; i <= 5; i++)
        {
            double y = yLow + (yHigh - yLow) * i / 5;
            Append(svg, $"<line x1='{Left}' x2='{Left + Width}' y1='{Y(y):F1}' y2='{Y(y):F1}' stroke='#ddd'/><text x='{Left - 6}' y='{Y(y) + 4:F1}' text-anchor='end'>{y:0.##}</text>\n");
        }
        foreach (double x in xs.Length <= 10 ? xs : [.. xs.Where((_, i) => i % ((xs.Length + 8) / 9) == 0)])
            Append(svg, $"<text x='{X(x, xs):F1}' y='{Top + Height + 18}' text-anchor='middle'>{x:0.##}</text>\n");
        for (int i = 0; i < _lines.Count; i++)
        {
            string colour = Colours[i % Colours.Length];
            string points = string.Join(" ", _lines[i].Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X, xs):F1},{Y(Math.Clamp(p.Y, yLow, yHigh)):F1}")));
            string dash = _lines[i].Dashed ? " stroke-dasharray='6 4'" : "";
            Append(svg, $"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2'{dash}/>\n");
            Append(svg, $"<text x='{Left + Width + 10}' y='{Top + 14 + 18 * i}' fill='{colour}'>{SecurityElement.Escape(_lines[i].Name)}</text>\n");
        }
        return svg.Append("</svg>\n").ToString();
    }

    private double X(double x, double[] xs)
    {
        (double low, double high, double at) = logX ? (Math.Log(xs[0]), Math.Log(xs[^1]), Math.Log(x)) : (xs[0], xs[^1], x);
        return Left + Width * (high == low ? 0.5 : (at - low) / (high - low));
    }

    private double Y(double y) => Top + Height * (1 - (y - yLow) / (yHigh - yLow));

    private static void Append(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture));
}
