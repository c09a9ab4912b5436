using System.Collections.Immutable;
using Ranking.Features.Spec;

namespace Ranking.Features.Aggregates;

/// <summary>A field of an impression that can be part of a key: the user, the item, or a context field.</summary>
/// <param name="Kind">Which of the three.</param>
/// <param name="Context">Index of the context field, else -1.</param>
public readonly record struct KeyField(KeyFieldKind Kind, int Context = -1)
{
    /// <summary>Whether feedback itself carries the field, not only the impression that it joins.</summary>
    public bool IsOfFeedback => Kind != KeyFieldKind.Context;
}

/// <summary>Which field of an impression.</summary>
public enum KeyFieldKind
{
    /// <summary>The user's id.</summary>
    User,
    /// <summary>The item's id.</summary>
    Item,
    /// <summary>A context field.</summary>
    Context,
}

/// <summary>A length of event-time buckets, and how long they are kept.</summary>
/// <param name="LengthMs">Length of a bucket, milliseconds.</param>
/// <param name="WindowBuckets">Buckets of the longest window that uses this length; 0 if only totals do.</param>
public sealed record BucketPlan(long LengthMs, int WindowBuckets)
{
    /// <summary>Number of the bucket that holds a time; also the number of whole buckets that ended at or before it.</summary>
    public long IndexOf(long timeMs) => Math.DivRem(timeMs, LengthMs) is var (q, r) && r < 0 ? q - 1 : q;

    /// <summary>Number of the first whole bucket from a time on; <see cref="long.MinValue"/> stays itself.</summary>
    public long FirstFrom(long timeMs) => timeMs == long.MinValue ? long.MinValue : IndexOf(timeMs - 1) + 1;

    /// <summary>How many buckets a row keeps, from its newest one back: the window, the delay and one more.</summary>
    public int RowBuckets(long delayMs) => checked((int)(WindowBuckets + (delayMs + LengthMs - 1) / LengthMs + 1));
}

/// <summary>A kind of key that is counted: its first part is the owner's id, the others are crossed with it.</summary>
/// <param name="Index">Place among its owner's keys.</param>
/// <param name="Crossed">The other parts, in order; none for the owner itself.</param>
/// <param name="Measures">What is counted: <c>impression</c> and kinds of feedback.</param>
/// <param name="Buckets">Every length of buckets that some window needs; totals use the shortest of the spec.</param>
public sealed record KeyPlan(int Index, ImmutableArray<KeyField> Crossed, ImmutableArray<string> Measures, ImmutableArray<BucketPlan> Buckets)
{
    /// <summary>Index of what is counted, or -1.</summary>
    public int MeasureOf(string kind)
    {
        for (int i = 0; i < Measures.Length; i++) if (Measures[i] == kind) return i;
        return -1;
    }
}

/// <summary>An aggregate feature, resolved: which counts it needs and where its numbers go.</summary>
/// <param name="Feature">The feature.</param>
/// <param name="Key">Index of the key at its owner.</param>
/// <param name="Count">Index of the measure that is counted.</param>
/// <param name="Over">Index of the measure that a rate is divided by.</param>
/// <param name="Windows">For each window its bucket plan and number of buckets; 0 buckets means all time.</param>
public sealed record AggregatePlan(AggregateFeatureSpec Feature, int Key, int Count, int Over, ImmutableArray<(int Bucket, int Buckets)> Windows);
