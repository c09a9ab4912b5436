using Ranking.Features.Rows;

namespace Ranking.Features.Aggregates;

/// <summary>Integer counts of one key: totals, and sparse event-time buckets of each length. Adding commutes: order of arrival cannot matter.</summary>
public sealed class KeyCounts : ICounts
{
    readonly long[] totals;
    readonly BucketSeries[] series;

    /// <summary>Empty counts of a key.</summary>
    public KeyCounts(KeyPlan plan)
    {
        totals = new long[plan.Measures.Length];
        series = new BucketSeries[plan.Buckets.Length];
        for (int i = 0; i < series.Length; i++) series[i] = new(plan.Measures.Length);
    }

    /// <summary>Adds an amount, in millionths, of a measure at a time.</summary>
    public void Add(KeyPlan plan, int measure, long timeMs, long amount)
    {
        totals[measure] += amount;
        for (int i = 0; i < series.Length; i++) series[i].Add(plan.Buckets[i].IndexOf(timeMs), measure, amount);
    }

    /// <summary>Drops buckets that neither a cut at or after <paramref name="cutMs"/> nor the key's row can need.</summary>
    public void TrimBelow(KeyPlan plan, long cutMs, long delayMs)
    {
        for (int i = 0; i < series.Length; i++)
        {
            if (series[i].Count == 0) continue;
            BucketPlan bucket = plan.Buckets[i];
            long row = series[i].IndexAt(series[i].Count - 1) - bucket.RowBuckets(delayMs) + 1;
            series[i].TrimBelow(Math.Min(row, bucket.IndexOf(cutMs) - bucket.WindowBuckets));
        }
    }

    /// <summary>Forgets what was counted before the first whole bucket from a time on. No event of an earlier bucket can come any more.</summary>
    /// <returns>Whether anything is left.</returns>
    public bool ForgetBefore(KeyPlan plan, long timeMs)
    {
        bool any = false;
        for (int m = 0; m < totals.Length; m++) totals[m] = TotalFrom(plan, m, timeMs);
        for (int i = 0; i < series.Length; i++)
        {
            series[i].TrimBelow(plan.Buckets[i].FirstFrom(timeMs));
            any |= series[i].Count > 0;
        }
        return any;
    }

    /// <summary>Writes totals, and of each length the buckets that a row keeps, newest first; nothing from before a time.</summary>
    internal void Write(PackedWriter writer, KeyPlan plan, long delayMs, long keepFromMs)
    {
        for (int m = 0; m < totals.Length; m++) writer.Amount(TotalFrom(plan, m, keepFromMs));
        for (int i = 0; i < series.Length; i++)
        {
            BucketSeries of = series[i];
            long newest = of.Count > 0 ? of.IndexAt(of.Count - 1) : 0, oldest = Math.Max(newest - plan.Buckets[i].RowBuckets(delayMs) + 1, plan.Buckets[i].FirstFrom(keepFromMs));
            int kept = 0;
            while (kept < of.Count && of.IndexAt(of.Count - 1 - kept) >= oldest) kept++;
            writer.UInt((ulong)kept);
            long previous = 0;
            for (int b = of.Count - 1; b >= of.Count - kept; b--)
            {
                writer.Int(previous - of.IndexAt(b)); // the newest as itself, the others as their distance
                previous = of.IndexAt(b);
                for (int m = 0; m < totals.Length; m++) writer.Amount(of.CountAt(b, m));
            }
        }
    }

    /// <summary>Writes everything, as state keeps it.</summary>
    internal void WriteState(PackedWriter writer)
    {
        foreach (long total in totals) writer.Amount(total);
        foreach (BucketSeries of in series)
        {
            writer.UInt((ulong)of.Count);
            long previous = 0;
            for (int b = 0; b < of.Count; b++)
            {
                writer.Int(of.IndexAt(b) - previous);
                previous = of.IndexAt(b);
                for (int m = 0; m < totals.Length; m++) writer.Amount(of.CountAt(b, m));
            }
        }
    }

    /// <summary>Reads what <see cref="WriteState"/> wrote.</summary>
    internal static KeyCounts ReadState(ref PackedReader reader, KeyPlan plan)
    {
        var counts = new KeyCounts(plan);
        for (int m = 0; m < counts.totals.Length; m++) counts.totals[m] = reader.Amount();
        foreach (BucketSeries of in counts.series)
        {
            long index = 0;
            for (int n = reader.Count(); n > 0; n--)
            {
                index += reader.Int();
                for (int m = 0; m < counts.totals.Length; m++) of.Add(index, m, reader.Amount());
            }
        }
        return counts;
    }

    /// <summary>Passes over what <see cref="WriteState"/> wrote.</summary>
    internal static void SkipState(ref PackedReader reader, KeyPlan plan)
    {
        for (int m = 0; m < plan.Measures.Length; m++) reader.UInt();
        for (int i = 0; i < plan.Buckets.Length; i++)
            for (int n = reader.Count() * (1 + plan.Measures.Length); n > 0; n--) reader.UInt();
    }

    /// <inheritdoc/>
    public long Total(int measure) => totals[measure];

    /// <inheritdoc/>
    public long Sum(int bucketPlan, int measure, long from, long to) => series[bucketPlan].Sum(measure, from, to);

    /// <summary>Whether something was counted in the whole buckets from a time on.</summary>
    internal bool HoldsFrom(KeyPlan plan, long timeMs)
    {
        for (int i = 0; i < series.Length; i++) if (series[i].Count > 0 && series[i].IndexAt(series[i].Count - 1) >= plan.Buckets[i].FirstFrom(timeMs)) return true;
        return false;
    }

    /// <summary>Totals count by the shortest buckets.</summary>
    long TotalFrom(KeyPlan plan, int measure, long timeMs) => timeMs == long.MinValue ? totals[measure] : series[0].Sum(measure, plan.Buckets[0].FirstFrom(timeMs), long.MaxValue);

    /// <summary>The buckets of one length.</summary>
    internal BucketSeries Series(int bucketPlan) => series[bucketPlan];
}

/// <summary>Sparse buckets of one length, ascending by their number.</summary>
public sealed class BucketSeries(int measures)
{
    long[] index = new long[4];
    long[] counts = new long[4 * measures];

    /// <summary>How many buckets hold something.</summary>
    public int Count { get; private set; }

    /// <summary>The number of the i-th bucket that holds something.</summary>
    public long IndexAt(int i) => index[i];

    /// <summary>A measure of the i-th bucket, in millionths.</summary>
    public long CountAt(int i, int measure) => counts[i * measures + measure];

    /// <summary>Adds to a bucket.</summary>
    public void Add(long bucket, int measure, long amount)
    {
        int i = Count > 0 && index[Count - 1] == bucket ? Count - 1 : index.AsSpan(0, Count).BinarySearch(bucket);
        if (i < 0) Insert(i = ~i, bucket);
        counts[i * measures + measure] += amount;
    }

    /// <summary>Sum of a measure over buckets [from, to).</summary>
    public long Sum(int measure, long from, long to)
    {
        long sum = 0;
        for (int i = Count - 1; i >= 0 && index[i] >= from; i--)
            if (index[i] < to) sum += counts[i * measures + measure];
        return sum;
    }

    /// <summary>Drops buckets below a number.</summary>
    public void TrimBelow(long bucket)
    {
        int dropped = 0;
        while (dropped < Count && index[dropped] < bucket) dropped++;
        if (dropped == 0) return;
        Array.Copy(index, dropped, index, 0, Count - dropped);
        Array.Copy(counts, dropped * measures, counts, 0, (Count - dropped) * measures);
        Count -= dropped;
        counts.AsSpan(Count * measures, dropped * measures).Clear();
    }

    void Insert(int at, long bucket)
    {
        if (Count == index.Length)
        {
            Array.Resize(ref index, Count * 2);
            Array.Resize(ref counts, Count * 2 * measures);
        }
        Array.Copy(index, at, index, at + 1, Count - at);
        Array.Copy(counts, at * measures, counts, (at + 1) * measures, (Count - at) * measures);
        index[at] = bucket;
        counts.AsSpan(at * measures, measures).Clear();
        Count++;
    }
}
