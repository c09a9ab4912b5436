using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Ranking.Mbat;

namespace Ranking.RetrievalStudy;

/// <summary>
/// Our index over the vectors of <see cref="MillionVectors"/>, by number of vectors: build time, bytes, searches a second of one and two
/// threads, recall@10 against the exact answer, a line of JSON each. The exact answers are written for the peers' script.
/// </summary>
internal static class MillionSearch
{
    private const int K = 10, D = MillionVectors.Dimension;

    public static void Run(string folder, int count)
    {
        foreach (string name in new[] { "random", "films" })
        {
            float[] queries = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, name + ".queries.f32"))).ToArray();
            for (int n = 1_000; n <= count; n *= 10) One(folder, name, n, queries);
        }
    }

    private static void One(string folder, string name, int n, float[] queries)
    {
        string path = Path.Combine(folder, "ours.index");
        long start = Stopwatch.GetTimestamp();
        VectorIndex.Build(path, new MbatSettings { Dimension = D }, Vectors(Path.Combine(folder, name + ".f32"), n));
        double build = Stopwatch.GetElapsedTime(start).TotalSeconds;
        using VectorIndex index = VectorIndex.Open(path);
        Neighbour[][] exact = Enumerable.Range(0, MillionVectors.Queries / 32).SelectMany(b => index.SearchBatch(queries.AsSpan(b * 32 * D, 32 * D), K)).ToArray();
        using (BinaryWriter truth = new(File.Create(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{n}.truth.i32")))))
        {
            foreach (Neighbour near in exact.SelectMany(e => e))
                truth.Write(int.Parse(near.Id, CultureInfo.InvariantCulture));
        }
        long bytes = new FileInfo(path).Length;
        foreach ((string how, int batch, Func<int, Neighbour[][]> search) in new (string, int, Func<int, Neighbour[][]>)[]
        {
            ("ours, exact", 1, q => [index.Search(queries.AsSpan(q * D, D), K)]),
            ("ours, exact, batches of 32", 32, q => index.SearchBatch(queries.AsSpan(q * D, 32 * D), K)),
            ("ours, 8 bits and rescoring", 1, q => [index.Search(queries.AsSpan(q * D, D), K, SearchMode.Int8)]),
        })
        {
            double recall = Enumerable.Range(0, MillionVectors.Queries / batch).Where(b => b % 8 == 0).SelectMany(b => search(b * batch).Select((found, i) =>
                (double)found.Select(f => f.Id).Intersect(exact[b * batch + i].Select(e => e.Id)).Count() / Math.Min(K, n))).Average();
            foreach (int threads in new[] { 1, 2 })
            {
                double perSecond = PerSecond(search, batch, threads);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $$"""{"data":"{{name}}","n":{{n}},"what":"{{how}}","threads":{{threads}},"build_s":{{build:F2}},"bytes":{{bytes}},"recall":{{recall:F4}},"qps":{{perSecond:F1}}}"""));
            }
        }
        File.Delete(path);
    }

    // Whole passes over the queries for two seconds at least, shared by the threads.
    private static double PerSecond(Func<int, Neighbour[][]> search, int batch, int threads)
    {
        int next = 0, done = 0;
        long start = Stopwatch.GetTimestamp();
        Thread[] workers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < 2)
            {
                search(Interlocked.Increment(ref next) * batch % MillionVectors.Queries);
                Interlocked.Add(ref done, batch);
            }
        }))];
        foreach (Thread worker in workers)
            worker.Start();
        foreach (Thread worker in workers)
            worker.Join();
        return done / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static IEnumerable<(string, float[])> Vectors(string path, int n)
    {
        using FileStream file = File.OpenRead(path);
        for (int i = 0; i < n; i++)
        {
            float[] vector = new float[D];
            file.ReadExactly(MemoryMarshal.AsBytes(vector.AsSpan()));
            yield return (i.ToString(CultureInfo.InvariantCulture), vector);
        }
    }
}
