using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ranking.RetrievalStudy;

/// <summary>The study's page: tables as Markdown, plots as SVG files beside it.</summary>
internal sealed class Report(string folder)
{
    private readonly StringBuilder _text = new(string.Create(CultureInfo.InvariantCulture,
        $"# MBAT study, {DateTime.UtcNow:yyyy-MM-dd}\n\nMade by `dotnet run -c Release --project benchmarks/retrieval` on {Environment.ProcessorCount} threads, .NET {Environment.Version}, {RuntimeInformation.OSDescription}.\n"));

    public void Heading(string text) => Write($"\n## {text}\n");

    public void Text(string text) => Write($"\n{text}\n");

    public void Table(string[] columns, IEnumerable<string[]> rows)
    {
        Write($"\n| {string.Join(" | ", columns)} |\n|{string.Concat(Enumerable.Repeat("---|", columns.Length))}\n");
        foreach (string[] row in rows)
            Write($"| {string.Join(" | ", row)} |\n");
    }

    public void Plot(string name, string title, LinePlot plot)
    {
        plot.Save(Path.Combine(folder, name + ".svg"), title);
        Write($"\n![{title}]({name}.svg)\n");
    }

    public void Save() => File.WriteAllText(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"study-{DateTime.UtcNow:yyyy-MM-dd}.md")), _text.ToString());

    private void Write(string text)
    {
        _text.Append(text);
        Console.Write(text);
    }
}
