namespace Ranking.Features.Aggregates;

/// <summary>The counts of one key, in memory or in a packed row: what <see cref="AggregateFormula"/> reads.</summary>
public interface ICounts
{
    /// <summary>The sum of a measure over all time, in millionths.</summary>
    long Total(int measure);

    /// <summary>The sum of a measure over the buckets [from, to) of one length, in millionths.</summary>
    long Sum(int bucketPlan, int measure, long from, long to);
}
