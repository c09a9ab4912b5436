using System.Globalization;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>Do neighbours share the label? MBAT by dimension, normalisation, arrays, numbers, keys and weights beside its rivals.</summary>
internal static class LabelStudy
{
    public static void Run(string data, Report report) => Run("labels", report,
    [
        Corpus.Load(Path.Combine(data, "countries_versions_neardup.jsonl.gz"), "countries"),
        Corpus.Load(Path.Combine(data, "schemastore_valid_by_schema.jsonl.gz"), "schemastore", without: "$schema"),
        Corpus.Load(Path.Combine(data, "pokeapi.jsonl.gz"), "pokeapi"),
    ]);

    /// <summary>Every twelfth film; its label is its first genre, so genres are dropped.</summary>
    public static void RunFilms(string data, Report report) =>
        Run("film-labels", report, [Corpus.Load(Path.Combine(data, "wikipedia_movies.jsonl.gz"), "films", without: "genres", most: 3_000)]);

    private static void Run(string name, Report report, Corpus[] corpora)
    {
        Dictionary<string, string[]> rows = [];
        LinePlot plot = new("D", "nearest neighbour has the same label", 0, 1, logX: true);
        foreach (Corpus corpus in corpora)
        {
            Dictionary<string, double>[] values = corpus.Bags(words: false), words = corpus.Bags(words: true);
            MbatSettings mbat = new() { Dimension = 1024 };
            Score("TF-IDF, path=value, exact", Similarities.TfIdf(values));
            Score("TF-IDF, path=word, exact", Similarities.TfIdf(words));
            Score("hashing 1024, counts, path=value", Similarities.Hashing(values, 1024, idf: false));
            Score("hashing 1024, TF-IDF, path=value", Similarities.Hashing(values, 1024, idf: true));
            Score("hashing 1024, TF-IDF, path=word", Similarities.Hashing(words, 1024, idf: true));
            Score("SimHash 1024 bits, TF-IDF, path=value", Similarities.SimHash(values, 1024, idf: true));
            Score("SimHash 1024 bits, TF-IDF, path=word", Similarities.SimHash(words, 1024, idf: true));
            List<(double, double)> byDimension = [], hashing = [];
            foreach (int dimension in new[] { 64, 128, 256, 512, 1024, 2048, 4096 })
            {
                byDimension.Add((dimension, Score($"MBAT {dimension}", Similarities.Mbat(corpus, mbat with { Dimension = dimension }))));
                hashing.Add((dimension, LabelScores.Of(corpus, Similarities.Hashing(values, dimension, idf: false)).Nearest));
            }
            plot.Add($"{corpus.Name}, MBAT", byDimension);
            plot.Add($"{corpus.Name}, hashing", hashing, dashed: true);
            Score("MBAT 1024, raw sums", Similarities.Mbat(corpus, mbat with { Normalization = Normalization.Raw }));
            Score("MBAT 1024, arrays as sets", Similarities.Mbat(corpus, mbat with { Arrays = ArrayMode.Set }));
            foreach (double identity in new[] { 0, 0.5, 1 })
                Score(string.Create(CultureInfo.InvariantCulture, $"MBAT 1024, number identity {identity}"), Similarities.Mbat(corpus, mbat with { NumberIdentity = identity }));
            Score("MBAT 1024, 3-grams", Similarities.Mbat(corpus, mbat with { CharacterNGrams = 3 }));
            Score("MBAT 1024, dates and numbers in strings", Similarities.Mbat(corpus, mbat with { DatesInStrings = true, NumbersInStrings = true }));
            Score("MBAT 1024, learned weights", Similarities.Mbat(corpus, Similarities.WithLearnedWeights(corpus, mbat)));
            Score("MBAT 1024, raw sums, learned weights", Similarities.Mbat(corpus, Similarities.WithLearnedWeights(corpus, mbat with { Normalization = Normalization.Raw })));
            Score("MBAT 1024, butterfly", Similarities.Mbat(corpus, mbat with { Keys = KeyKind.Butterfly }));
            if (corpus.Name != "schemastore")
                Score("MBAT 256, haar", Similarities.Mbat(corpus, mbat with { Keys = KeyKind.Haar, Dimension = 256 }));

            double Score(string method, Similarity similarity)
            {
                LabelScores scores = LabelScores.Of(corpus, similarity);
                if (!rows.TryGetValue(method, out string[]? row))
                    rows.Add(method, row = [method, .. corpora.SelectMany(_ => new[] { "–", "–" })]);
                int column = 1 + 2 * Array.IndexOf(corpora, corpus);
                (row[column], row[column + 1]) = (scores.Nearest.ToString("F4", CultureInfo.InvariantCulture), scores.Recall10.ToString("F4", CultureInfo.InvariantCulture));
                Console.Error.WriteLine($"{corpus.Name}: {method} {scores.Nearest:F4} {scores.Recall10:F4}");
                return scores.Nearest;
            }
        }
        report.Heading(name == "labels" ? "Labels" : "Labels of films");
        report.Text("Each document asks all others: the share whose nearest neighbour has its label (1-NN), and of its label's documents the share found among the first ten (R@10). Documents alone with their label ask nothing.");
        report.Table(["method", .. corpora.SelectMany(c => new[] { $"{c.Name} 1-NN", "R@10" })], rows.Values);
        report.Plot(name, "Label of the nearest neighbour by dimension", plot);
    }
}
