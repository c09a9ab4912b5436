using Ranking.Features.Rows;

namespace Ranking.Features.Aggregates;

/// <summary>The counts of one key as a row holds them.</summary>
/// <param name="data">What <see cref="KeyCounts"/> wrote.</param>
/// <param name="plan">The key.</param>
public readonly ref struct PackedCounts(ReadOnlySpan<byte> data, KeyPlan plan) : ICounts
{
    readonly ReadOnlySpan<byte> data = data;

    /// <inheritdoc/>
    public long Total(int measure)
    {
        var reader = new PackedReader(data);
        for (int m = 0; m < measure; m++) reader.UInt();
        return reader.Amount();
    }

    /// <inheritdoc/>
    public long Sum(int bucketPlan, int measure, long from, long to)
    {
        PackedReader reader = Seek(bucketPlan);
        long sum = 0, index = 0;
        for (int n = reader.Count(); n > 0; n--)
        {
            index -= reader.Int();
            if (index < from) break;
            for (int m = 0; m < plan.Measures.Count; m++)
            {
                if (m == measure && index < to) sum += reader.Amount();
                else reader.UInt();
            }
        }
        return sum;
    }

    /// <summary>Whether the row keeps every bucket that an aggregate needs at a cut: not so where the cut lies too far before its newest event.</summary>
    public bool Holds(AggregatePlan aggregate, long cutMs, long delayMs)
    {
        foreach ((int bucket, int buckets) in aggregate.Windows)
        {
            PackedReader reader = Seek(bucket);
            if (reader.Count() == 0) continue;
            long newest = -reader.Int(), ended = plan.Buckets[bucket].IndexOf(cutMs);
            if (ended - buckets > newest - plan.Buckets[bucket].RowBuckets(delayMs)) continue;
            // What the row dropped does not matter where it dropped nothing: then the buckets add up to the totals.
            for (int m = 0; m < plan.Measures.Count; m++) if (Sum(bucket, m, long.MinValue, long.MaxValue) != Total(m)) return false;
        }
        return true;
    }

    PackedReader Seek(int bucketPlan)
    {
        var reader = new PackedReader(data);
        for (int m = 0; m < plan.Measures.Count; m++) reader.UInt();
        for (int b = 0; b < bucketPlan; b++)
            for (int values = reader.Count() * (plan.Measures.Count + 1); values > 0; values--) reader.UInt();
        return reader;
    }
}
