using Ranking.Features.Examples;
using Ranking.Models;

namespace Ranking.Training.Batches;

/// <summary>Which examples form which batch: a function of the source, the settings and the pass alone, wherever a reading begins.</summary>
/// <param name="Size">Examples a batch; the last one of a pass may be smaller.</param>
/// <param name="ShuffleWindow">Examples are shuffled within windows of so many; 0 keeps the source's order.</param>
/// <param name="Seed">Seed of the shuffles.</param>
public sealed record BatchOrder(int Size, int ShuffleWindow = 0, long Seed = 0)
{
    /// <summary>The batches of one pass.</summary>
    /// <param name="source">The examples.</param>
    /// <param name="pass">Number of the pass: every pass is shuffled differently.</param>
    /// <param name="from">Where to begin: a place that an earlier reading gave.</param>
    /// <param name="cancel">Ends a wait for examples.</param>
    public IEnumerable<ExampleBatch> Read(IExampleSource source, int pass, BatchPosition from, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Size, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(ShuffleWindow);
        int width = ShuffleWindow > 1 ? ShuffleWindow : Size;
        long number = from.Window;
        int taken = from.Taken;
        IReadOnlyDictionary<int, long> start = from.Offsets;
        List<Example> batch = new(Size);
        foreach ((List<Example> window, IReadOnlyDictionary<int, long> end) in Windows(source, width, start, cancel))
        {
            if (ShuffleWindow > 1) Shuffle(window, pass, number);
            for (; taken < window.Count; taken++)
            {
                batch.Add(window[taken]);
                if (batch.Count < Size) continue;
                yield return new ExampleBatch(batch, taken + 1 == window.Count ? new(number + 1, 0, end) : new(number, taken + 1, start));
                batch = new(Size);
            }
            (number, taken, start) = (number + 1, 0, end);
        }
        if (batch.Count > 0) yield return new ExampleBatch(batch, new(number, 0, start));
    }

    static IEnumerable<(List<Example> Window, IReadOnlyDictionary<int, long> End)> Windows(
        IExampleSource source, int width, IReadOnlyDictionary<int, long> from, CancellationToken cancel)
    {
        List<Example> window = new(width);
        Dictionary<int, long> end = new(from);
        foreach (SourcedExample read in source.Read(from, cancel))
        {
            window.Add(read.Example);
            end[read.Partition] = read.Next;
            if (window.Count < width) continue;
            yield return (window, new Dictionary<int, long>(end));
            window = new(width);
        }
        if (window.Count > 0) yield return (window, end);
    }

    void Shuffle(List<Example> window, int pass, long number)
    {
        ulong state = StableHash.Mix(StableHash.Mix((ulong)Seed ^ StableHash.Mix((ulong)pass)) ^ (ulong)number);
        for (int i = window.Count - 1; i > 0; i--)
        {
            state += 0x9E3779B97F4A7C15; // SplitMix64
            int j = (int)((StableHash.Mix(state) >> 32) * (ulong)(i + 1) >> 32);
            (window[i], window[j]) = (window[j], window[i]);
        }
    }
}
