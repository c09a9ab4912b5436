using System.Diagnostics;
using System.Globalization;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>
/// What a short vector loses of films: the neighbours are those of vectors of 4,096 numbers, which exact TF-IDF cannot be: how many of the ten
/// nearest a shorter vector, or 8 bits instead of floats, finds again; and what a search among 10^3 to all of them costs one thread.
/// </summary>
internal static class FilmStudy
{
    private const int Queries = 200, K = 10, Reference = 4096;

    public static void Run(string data, Report report)
    {
        Corpus films = Corpus.Load(Path.Combine(data, "wikipedia_movies.jsonl.gz"), "films");
        int[] asked = [.. Enumerable.Range(0, Queries).Select(i => i * (films.Documents.Length / Queries))];
        string folder = Directory.CreateTempSubdirectory("mbat-films-").FullName;
        try
        {
            string[][] nearest = Neighbours(films, Reference, folder, asked, SearchMode.Exact, films.Documents.Length, out _, out _);
            List<string[]> rows = [];
            foreach (int dimension in new[] { 64, 128, 256, 512, 1024 })
            {
                foreach (SearchMode mode in new[] { SearchMode.Exact, SearchMode.Int8 })
                {
                    string[][] found = Neighbours(films, dimension, folder, asked, mode, films.Documents.Length, out double milliseconds, out _);
                    rows.Add([$"{dimension}", mode == SearchMode.Exact ? "floats" : "8 bits, rescored", F(Recall(nearest, found), "F4"), F(milliseconds, "F2")]);
                }
            }
            report.Heading("Films");
            report.Text($"{films.Documents.Length:N0} films, {Queries} of them ask all. Recall of the ten nearest by vectors of {Reference} numbers, and the median time of a search by one thread.");
            report.Table(["D", "read as", "R@10", "ms"], rows);

            List<string[]> sizes = [];
            foreach (int count in new[] { 1_000, 3_000, 10_000, films.Documents.Length })
            {
                int[] among = [.. Enumerable.Range(0, Queries).Select(i => i * (count / Queries))];
                string[][] exact = Neighbours(films, 256, folder, among, SearchMode.Exact, count, out double floats, out long bytes);
                string[][] quick = Neighbours(films, 256, folder, among, SearchMode.Int8, count, out double codes, out _);
                sizes.Add([$"{count:N0}", $"{bytes / (1 << 20):N0} MiB", F(floats, "F3"), F(codes, "F3"), F(Recall(exact, quick), "F4")]);
            }
            report.Text("The same at D 256 by number of films; the last column is the recall of 8 bits against the floats.");
            report.Table(["films", "file", "ms, floats", "ms, 8 bits", "R@10"], sizes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[][] Neighbours(Corpus films, int dimension, string folder, int[] asked, SearchMode mode, int count, out double milliseconds, out long bytes)
    {
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{dimension}-{count}.index"));
        MbatEncoder encoder = new(new MbatSettings { Dimension = dimension });
        if (!File.Exists(path))
        {
            VectorIndex.Build(path, encoder.Settings, films.Documents.Take(count).Select((document, i) =>
            {
                float[] vector = new float[dimension];
                encoder.Encode(document, vector);
                return ($"{i}", vector);
            }));
        }
        bytes = new FileInfo(path).Length;
        using VectorIndex index = VectorIndex.Open(path);
        _ = index.Search(index.Vector(0), K, mode); // the file is in memory from here on
        List<double> times = [];
        string[][] found = [.. asked.Select(row =>
        {
            long start = Stopwatch.GetTimestamp();
            Neighbour[] near = index.Search(index.Vector(row), K + 1, mode);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            return near.Select(n => n.Id).Where(id => id != $"{row}").Take(K).ToArray();
        })];
        times.Sort();
        milliseconds = times[times.Count / 2];
        return found;
    }

    private static double Recall(string[][] expected, string[][] found) => expected.Zip(found, (e, f) => (double)e.Intersect(f).Count() / e.Length).Average();

    private static string F(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
