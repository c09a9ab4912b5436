using BenchmarkDotNet.Attributes;
using Ranking.Features.Events;
using Ranking.Features.Joining;
using Ranking.Features.Joining.State;

namespace Ranking.Benchmarks;

/// <summary>One event: through the sorter alone, and through sorter, join, counts and features to examples and rows, by one thread.</summary>
[WarmupCount(1), IterationCount(8)] // One pass is seconds.
public class PipelineBenchmarks
{
    private const int Logged = 30_000;
    private const long LatenessMs = 10_000;
    private SourceEvent[] _events = [];
    private SourceEvent[] _arrivals = [];

    [GlobalSetup]
    public void Setup()
    {
        _events = KuaiRand.Events(Logged);
        Random random = new(1);
        _arrivals = [.. _events.Skip(KuaiRand.Documents).Select(e => (Event: e, Arrival: e.TimeMs + random.NextInt64(LatenessMs))).OrderBy(a => a.Arrival).Select(a => a.Event)];
        Yield once = KuaiRand.Run(_events, 4);
        Console.WriteLine($"// {KuaiRand.Documents} documents and {Logged} events: {once.Examples.Count} examples, {once.Rows.Count} rows");
    }

    /// <summary>In an order of arrival that is up to ten seconds off.</summary>
    [Benchmark(OperationsPerInvoke = Logged)]
    public int Sorter()
    {
        Sorter sorter = new(new MemoryTaskState().Sorting, null);
        long latest = long.MinValue;
        int released = 0;
        foreach (SourceEvent e in _arrivals)
        {
            sorter.Add(e);
            latest = Math.Max(latest, e.TimeMs);
            while (sorter.TryRelease(latest - LatenessMs, out _, out _))
                released++;
        }
        return released;
    }

    [Benchmark(OperationsPerInvoke = KuaiRand.Documents + Logged)]
    [Arguments(1)]
    [Arguments(4)]
    public object Sorter_join_features_rows(int partitions) => KuaiRand.Run(_events, partitions);
}
