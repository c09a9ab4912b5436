using Ranking.Features.Examples;
using Ranking.Features.Rows;

namespace Ranking.Features.Aggregates;

/// <summary>The counts of one key as a row holds them, unpacked once for all aggregates of the key; used over and over.</summary>
sealed class PackedCounts : ICounts
{
    readonly List<long> totals = [], index = [], amounts = []; // of all lengths one after another: bucket numbers descending, and their measures
    readonly List<int> starts = [];
    int measures;

    /// <summary>Unpacks what <see cref="KeyCounts"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public void Read(ReadOnlySpan<byte> data, KeyPlan plan)
    {
        totals.Clear();
        index.Clear();
        amounts.Clear();
        starts.Clear();
        measures = plan.Measures.Length;
        var reader = new PackedReader(data);
        for (int m = 0; m < measures; m++) totals.Add(reader.Amount());
        for (int b = 0; b < plan.Buckets.Length; b++)
        {
            starts.Add(index.Count);
            long at = 0;
            for (int n = reader.Count(); n > 0; n--)
            {
                index.Add(at -= reader.Int());
                for (int m = 0; m < measures; m++) amounts.Add(reader.Amount());
            }
        }
        starts.Add(index.Count);
    }

    /// <inheritdoc/>
    public long Total(int measure) => totals[measure];

    /// <inheritdoc/>
    public long Sum(int bucketPlan, int measure, long from, long to)
    {
        long sum = 0;
        for (int i = starts[bucketPlan]; i < starts[bucketPlan + 1] && index[i] >= from; i++)
            if (index[i] < to) sum += amounts[i * measures + measure];
        return sum;
    }

    /// <summary>Whether the row keeps every bucket that a key's aggregates need at a cut: not so where the cut lies too far before its newest event.</summary>
    public bool Holds(KeyAggregates of, long cutMs, long delayMs)
    {
        foreach (ColumnPlan column in of.Columns)
        {
            foreach ((int bucket, int buckets) in column.Aggregate!.Windows)
            {
                if (starts[bucket] == starts[bucket + 1]) continue;
                BucketPlan plan = of.Key.Buckets[bucket];
                if (plan.IndexOf(cutMs) - buckets > index[starts[bucket]] - plan.RowBuckets(delayMs)) continue;
                // What the row dropped does not matter where it dropped nothing: then the buckets add up to the totals.
                for (int m = 0; m < measures; m++) if (Sum(bucket, m, long.MinValue, long.MaxValue) != totals[m]) return false;
            }
        }
        return true;
    }
}
