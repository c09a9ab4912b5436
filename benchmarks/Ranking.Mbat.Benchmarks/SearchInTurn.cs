using System.Globalization;

namespace Ranking.Mbat.Benchmarks;

/// <summary>
/// The searches of <see cref="SearchBenchmarks"/> in turn, round after round, in thread time: for machines that others use, where a search
/// is interrupted many times and means or minima of wall time say nothing. Each round gives one ratio to reading the memory; the median
/// stands.
/// </summary>
internal static class SearchInTurn
{
    private const int Rounds = 25;

    public static void Run()
    {
        SearchBenchmarks searches = new();
        searches.Setup();
        (string Name, Action Work, int Queries)[] work =
        [
            ("reading the memory once", () => searches.Read_memory_once(), 1), ("exact, one query", () => searches.Exact(), 1),
            ("exact, a query of a batch of 32", () => searches.Exact_batch_of_32(), 32), ("8 bits and rescoring, one query", () => searches.Int8_and_rescoring(), 1),
        ];
        double[][] times = [.. work.Select(_ => new double[Rounds])];
        for (int round = -3; round < Rounds; round++)
        {
            for (int i = 0; i < work.Length; i++)
            {
                double time = ThreadTime.Milliseconds(work[i].Work) / work[i].Queries;
                if (round >= 0)
                    times[i][round] = time;
            }
        }
        searches.Cleanup();
        Console.WriteLine("| 1 million × 256 floats, one thread, top 10 | least ms | median ms | against reading, median of rounds |\n|---|---|---|---|");
        for (int i = 0; i < work.Length; i++)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {work[i].Name} | {times[i].Min():F1} | {Median(times[i]):F1} | {Median([.. times[i].Zip(times[0], (a, b) => a / b)]):F2} |"));
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
