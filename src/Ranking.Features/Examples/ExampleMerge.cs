namespace Ranking.Features.Examples;

/// <summary>
/// Merges the partitions of topic <c>examples</c> into the one sequence by (time, user, request id, item), strictly below the least
/// watermark (streams.md, section 5): the same sequence whatever the partitions.
/// </summary>
public sealed class ExampleMerge(int partitions)
{
    static readonly Comparer<Example> Order = Comparer<Example>.Create(Compare);
    readonly PriorityQueue<(Example Example, int Partition, long Offset), Example> waiting = new(Order);
    readonly long[] watermarks = [.. Enumerable.Repeat(long.MinValue, partitions)];

    /// <summary>How many examples wait for a watermark.</summary>
    public int Count => waiting.Count;

    /// <summary>Everything below this was taken or can be.</summary>
    public long WatermarkMs { get; private set; } = long.MinValue;

    /// <summary>The order of examples.</summary>
    public static int Compare(Example a, Example b)
    {
        int c = a.TimeMs.CompareTo(b.TimeMs);
        if (c == 0) c = Partitioning.Ids.Compare(a.User, b.User);
        if (c == 0) c = Partitioning.Ids.Compare(a.RequestId, b.RequestId);
        return c != 0 ? c : Partitioning.Ids.Compare(a.Item, b.Item);
    }

    /// <summary>Adds an example of a partition.</summary>
    public void Add(int partition, Example example, long offset = 0) => waiting.Enqueue((example, partition, offset), example);

    /// <summary>Moves a partition's watermark.</summary>
    public void SetWatermark(int partition, long timeMs)
    {
        watermarks[partition] = Math.Max(watermarks[partition], timeMs);
        WatermarkMs = watermarks.Min();
    }

    /// <summary>Takes the next example that no other can precede any more.</summary>
    public bool TryTake(out Example? example, out int partition, out long offset)
    {
        if (waiting.TryPeek(out var next, out _) && next.Example.TimeMs < WatermarkMs)
        {
            (example, partition, offset) = waiting.Dequeue();
            return true;
        }
        (example, partition, offset) = (null, 0, 0);
        return false;
    }
}
