using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;

namespace Ranking.Mbat.Benchmarks;

/// <summary>Exact search over a million vectors of 256 floats by one thread, top 10, against reading that memory once.</summary>
public unsafe class SearchBenchmarks
{
    private const int Count = 1_000_000;
    private const int Dimension = 256;
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"mbat-bench-{Environment.ProcessId}.index");
    private float[] _queries = [];
    private VectorIndex _index = null!;

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        VectorIndex.Build(_path, new MbatSettings { Dimension = Dimension }, Enumerable.Range(0, Count).Select(i => ($"v{i}", Vector(random))));
        _index = VectorIndex.Open(_path);
        _queries = [.. Enumerable.Range(0, 32).SelectMany(_ => Vector(random))];
        int hits = 0;
        for (int q = 0; q < 32; q++)
        {
            ReadOnlySpan<float> query = _queries.AsSpan(q * Dimension, Dimension);
            hits += _index.Search(query, 10).Intersect(_index.Search(query, 10, SearchMode.Int8)).Count();
        }
        Console.WriteLine($"// int8 recall@10 over 32 random queries: {hits / 320.0:F4}");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _index.Dispose();
        File.Delete(_path);
    }

    [Benchmark(Baseline = true)]
    public float Read_memory_once()
    {
        fixed (float* start = _index.Vector(0))
        {
            Vector512<float> a = default, b = default, c = default, d = default;
            for (nint i = 0; i < (nint)Count * Dimension; i += 64)
            {
                a += Vector512.Load(start + i);
                b += Vector512.Load(start + i + 16);
                c += Vector512.Load(start + i + 32);
                d += Vector512.Load(start + i + 48);
            }
            return Vector512.Sum(a + b + c + d);
        }
    }

    [Benchmark]
    public Neighbour[] Exact() => _index.Search(_queries.AsSpan(0, Dimension), 10);

    [Benchmark(OperationsPerInvoke = 32)]
    public Neighbour[][] Exact_batch_of_32() => _index.SearchBatch(_queries, 10);

    [Benchmark]
    public Neighbour[] Int8_and_rescoring() => _index.Search(_queries.AsSpan(0, Dimension), 10, SearchMode.Int8);

    private static float[] Vector(Random random)
    {
        double[] x = new double[Dimension];
        for (int i = 0; i < Dimension; i++)
            x[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        double length = Math.Sqrt(x.Sum(v => v * v));
        return Array.ConvertAll(x, v => (float)(v / length));
    }
}
