using System.Globalization;

namespace Ranking.Mbat.Benchmarks;

/// <summary>The documents of <see cref="DocumentBenchmarks"/> in turn with the parser, in thread time, as <see cref="SearchInTurn"/> does it.</summary>
internal static class DocumentsInTurn
{
    private const int Rounds = 41;

    public static void Run()
    {
        Console.WriteLine("| D 1024, one document | parser alone, µs | MBAT, µs (least) | documents/s against the parser, median of rounds |\n|---|---|---|---|");
        foreach (string corpus in new[] { "leaf_poor", "pokeapi", "wikipedia_movies" })
        {
            foreach (Normalization normalization in new[] { Normalization.Unit, Normalization.Raw })
            {
                DocumentBenchmarks documents = new() { Corpus = corpus, Normalization = normalization };
                documents.Setup();
                double[] parser = new double[Rounds], mbat = new double[Rounds];
                for (int round = -5; round < Rounds; round++)
                {
                    double parse = ThreadTime.Milliseconds(documents.JsonDocument_Parse), encode = ThreadTime.Milliseconds(documents.Mbat);
                    if (round >= 0)
                        (parser[round], mbat[round]) = (2 * parse, 2 * encode); // 500 documents: microseconds each
                }
                double[] ratios = [.. parser.Zip(mbat, (p, m) => p / m).Order()];
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {corpus}, {normalization} | {parser.Min():F2} | {mbat.Min():F2} | {ratios[Rounds / 2]:F3} |"));
            }
        }
    }
}
