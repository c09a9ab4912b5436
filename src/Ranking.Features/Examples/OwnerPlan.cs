using System.Collections.Immutable;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Rows;

namespace Ranking.Features.Examples;

/// <summary>An owner: a kind of thing (user, item, author …) that one place counts, and the features that it knows the values of.</summary>
/// <param name="Index">Place among the plan's owners; 0 is the user.</param>
/// <param name="Kind">user, item, or the name of a context field.</param>
/// <param name="Field">Where an impression has the owner's id.</param>
/// <param name="Document">Fields of its document that some feature needs.</param>
/// <param name="Keys">What is counted about it.</param>
/// <param name="Columns">The columns whose values it gives, in the layout's order.</param>
public sealed record OwnerPlan(int Index, string Kind, KeyField Field, ImmutableArray<DocumentField> Document, ImmutableArray<KeyPlan> Keys, ImmutableArray<ColumnPlan> Columns)
{
    readonly BucketPlan[] buckets = [.. Keys.SelectMany(k => k.Buckets).DistinctBy(b => b.LengthMs)];
    readonly string[] counted = [.. Keys.SelectMany(k => k.Measures).Distinct()];

    /// <summary>Nothing is known of it when no event of it came for so long, milliseconds of event time; <see cref="long.MaxValue"/>: never.</summary>
    public long TtlMs { get; init; } = long.MaxValue;

    /// <summary>The time at which every bucket that holds a time has ended.</summary>
    public long BucketsEndMs(long timeMs)
    {
        long end = timeMs;
        foreach (BucketPlan bucket in buckets) end = Math.Max(end, (bucket.IndexOf(timeMs) + 1) * bucket.LengthMs);
        return end;
    }

    readonly bool[] crossedContext = [.. ContextOf(Keys, Columns)];

    /// <summary>What of an impression's context its keys and look-ups are made of; the rest, and what lies behind the last such field, is left out.</summary>
    public FieldValue[] ContextFor(FieldValue[] context)
    {
        if (crossedContext.Length == 0 || context.Length == 0) return [];
        var needed = new FieldValue[Math.Min(crossedContext.Length, context.Length)];
        for (int i = 0; i < needed.Length; i++) needed[i] = crossedContext[i] ? context[i] : FieldValue.Missing;
        return needed;
    }

    static IEnumerable<bool> ContextOf(ImmutableArray<KeyPlan> keys, ImmutableArray<ColumnPlan> columns)
    {
        HashSet<int> crossed = [.. keys.SelectMany(k => k.Crossed).Concat(columns.Where(c => c.By is not null).Select(c => c.By!.Value)).Where(f => f.Kind == KeyFieldKind.Context).Select(f => f.Context)];
        for (int i = 0; i <= crossed.DefaultIfEmpty(-1).Max(); i++) yield return crossed.Contains(i);
    }

    /// <summary>Number of dense numbers among its columns.</summary>
    public int NumberWidth { get; } = Columns.Where(c => !c.Column.IsIds).Sum(c => c.Column.Width);

    /// <summary>The aggregates among its columns, by the key whose counts they need.</summary>
    public ImmutableArray<KeyAggregates> Aggregates { get; } =
        [.. Columns.Where(c => c.Aggregate is not null).GroupBy(c => c.Aggregate!.Key).Select(g => new KeyAggregates(Keys[g.Key], [.. g]))];

    /// <summary>The columns that are no aggregates.</summary>
    public ImmutableArray<ColumnPlan> Values { get; } = [.. Columns.Where(c => c.Aggregate is null)];

    /// <summary>Whether some column is of the document.</summary>
    public bool ReadsDocument { get; } = Columns.Any(c => c.Document >= 0);

    /// <summary>The same owner with some of its columns.</summary>
    public OwnerPlan Of(IEnumerable<ColumnPlan> columns) => new(Index, Kind, Field, Document, Keys, [.. columns]) { TtlMs = TtlMs };

    /// <summary>Whether counting an event of this kind changes anything here.</summary>
    public bool Counts(string kind) => counted.AsSpan().Contains(kind);
}

/// <summary>Aggregates of one key: its counts are looked up once for all of them.</summary>
/// <param name="Key">The key.</param>
/// <param name="Columns">The aggregates' columns.</param>
public sealed record KeyAggregates(KeyPlan Key, ImmutableArray<ColumnPlan> Columns);
