using System.Globalization;
using System.Text.Json;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>Spearman's rank correlation of each similarity with a tree edit distance for JSON, over random pairs of small documents.</summary>
internal static class EditDistanceStudy
{
    private const int Pairs = 1500;

    public static void Run(string data, Report report)
    {
        List<string[]> rows = [];
        foreach ((string file, string name, int most) in new[] { ("countries_versions_neardup", "countries", 250), ("pokeapi", "pokeapi", 400), ("wikipedia_movies", "films", 400) })
        {
            Corpus corpus = Corpus.Load(Path.Combine(data, file + ".jsonl.gz"), name, most: most);
            JsonDocument[] trees = [.. corpus.Documents.Select(d => JsonDocument.Parse(d))];
            Random random = new(1);
            (int A, int B)[] pairs = [.. Enumerable.Range(0, Pairs).Select(_ => (random.Next(trees.Length), random.Next(trees.Length))).Where(p => p.Item1 != p.Item2)];
            double[] near = [.. pairs.AsParallel().AsOrdered().WithDegreeOfParallelism(2).Select(p => -JsonEditDistance.Relative(trees[p.A].RootElement, trees[p.B].RootElement))];
            Dictionary<string, double>[] values = corpus.Bags(words: false), words = corpus.Bags(words: true);
            MbatSettings mbat = new() { Dimension = 1024 };
            (string, Similarity)[] methods =
            [
                ("MBAT 1024", Similarities.Mbat(corpus, mbat)), ("MBAT 1024, raw sums", Similarities.Mbat(corpus, mbat with { Normalization = Normalization.Raw })),
                ("TF-IDF, path=value", Similarities.TfIdf(values)), ("TF-IDF, path=word", Similarities.TfIdf(words)),
                ("hashing 1024, counts", Similarities.Hashing(values, 1024, idf: false)), ("SimHash 1024, TF-IDF", Similarities.SimHash(values, 1024, idf: true)),
            ];
            foreach ((string method, Similarity similarity) in methods)
            {
                float[][] all = [.. Enumerable.Range(0, trees.Length).Select(i =>
                {
                    float[] row = new float[trees.Length];
                    similarity(i, row);
                    return row;
                })];
                rows.Add([name, method, Spearman([.. pairs.Select(p => (double)all[p.A][p.B])], near).ToString("F3", CultureInfo.InvariantCulture)]);
            }
        }
        report.Heading("Rank correlation with a JSON edit distance");
        report.Text($"About {Pairs} random pairs each. The distance: leaves cost 1 where they differ, members pair by key, elements align by the cheapest insertions, deletions and changes, what has no partner costs its leaves; divided by the leaves of both.");
        report.Table(["corpus", "method", "Spearman"], rows);
    }

    private static double Spearman(double[] a, double[] b)
    {
        double[] x = Ranks(a), y = Ranks(b);
        double meanX = x.Average(), meanY = y.Average();
        double xy = x.Zip(y, (u, v) => (u - meanX) * (v - meanY)).Sum();
        return xy / Math.Sqrt(x.Sum(u => (u - meanX) * (u - meanX)) * y.Sum(v => (v - meanY) * (v - meanY)));
    }

    private static double[] Ranks(double[] values)
    {
        int[] order = [.. Enumerable.Range(0, values.Length).OrderBy(i => values[i])];
        double[] ranks = new double[values.Length];
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start; end < order.Length && values[order[end]] == values[order[start]]; end++)
            {
            }
            for (int i = start; i < end; i++)
                ranks[order[i]] = (start + end - 1) / 2.0;
        }
        return ranks;
    }
}
