using System.Text;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Rows;

/// <summary>A row as Redis and the topic <c>rows</c> hold it, read in place.</summary>
public readonly ref struct PackedRow : IEntityView
{
    readonly ReadOnlySpan<byte> documents, keys, recent;
    readonly FeaturePlan plan;
    readonly OwnerPlan owner;

    /// <summary>Finds the parts of a row.</summary>
    /// <exception cref="InvalidDataException">It is of a newer format, or damaged.</exception>
    public PackedRow(FeaturePlan plan, OwnerPlan owner, ReadOnlySpan<byte> row)
    {
        (this.plan, this.owner) = (plan, owner);
        var reader = new PackedReader(row);
        byte format = reader.Byte();
        if (format != EntityState.Format) throw new InvalidDataException($"row of format {format}; this program reads {EntityState.Format}");
        LastEventMs = reader.Int();
        documents = reader.Rest;
        for (int n = reader.Count(); n > 0; n--) { reader.UInt(); reader.Byte(); reader.Bytes(); }
        keys = reader.Rest;
        for (int n = reader.Count(); n > 0; n--) { reader.UInt(); reader.TextBytes(); reader.Bytes(); }
        recent = reader.Rest;
    }

    /// <summary>Time of the latest event that changed the row.</summary>
    public long LastEventMs { get; }

    /// <inheritdoc/>
    public bool IsDeletedAt(long cutMs)
    {
        var reader = new PackedReader(documents);
        for (int n = reader.Count(); n > 0; n--)
        {
            long timeMs = LastEventMs - reader.Int();
            bool deleted = reader.Byte() == 0;
            reader.Bytes();
            if (timeMs <= cutMs) return deleted;
        }
        return false;
    }

    /// <inheritdoc/>
    public FieldValue[]? Document(long cutMs)
    {
        var reader = new PackedReader(documents);
        for (int n = reader.Count(); n > 0; n--)
        {
            long timeMs = LastEventMs - reader.Int();
            bool deleted = reader.Byte() == 0;
            var packed = new PackedReader(reader.Bytes());
            if (timeMs > cutMs) continue;
            if (deleted) return null;
            var values = new FieldValue[owner.Document.Count];
            for (int i = 0; i < values.Length; i++) values[i] = packed.Value();
            return values;
        }
        return null;
    }

    /// <summary>Whether the document valid at a cut is in the row, or the row shows that there was none.</summary>
    public bool HoldsDocument(long cutMs)
    {
        var reader = new PackedReader(documents);
        int n = reader.Count();
        if (n == 0) return true;
        long oldest = long.MaxValue;
        for (; n > 0; n--) { oldest = LastEventMs - reader.Int(); reader.Byte(); reader.Bytes(); }
        return oldest <= cutMs || cutMs >= LastEventMs - plan.DelayMs;
    }

    /// <inheritdoc/>
    public bool TryAggregate(AggregatePlan aggregate, KeyPlan key, string crossed, long cutMs, Span<float> numbers)
    {
        if (!TryFind(key, crossed, out PackedCounts counts)) return false;
        AggregateFormula.Write(aggregate, key, counts, cutMs, numbers);
        return true;
    }

    /// <summary>Whether the row can still be cut there for an aggregate (<c>stale_time</c> otherwise).</summary>
    public bool Holds(AggregatePlan aggregate, KeyPlan key, string crossed, long cutMs) =>
        !TryFind(key, crossed, out PackedCounts counts) || counts.Holds(aggregate, cutMs, plan.DelayMs);

    /// <inheritdoc/>
    public string[] Recent(int plan, int length, long cutMs) => ReadRecent(plan).Before(length, cutMs);

    /// <inheritdoc/>
    public long? LastBefore(int plan, long cutMs) => ReadRecent(plan).LastBefore(cutMs);

    bool TryFind(KeyPlan key, string crossed, out PackedCounts counts)
    {
        Span<byte> utf8 = stackalloc byte[256];
        ReadOnlySpan<byte> wanted = crossed.Length * 3 <= utf8.Length ? utf8[..Encoding.UTF8.GetBytes(crossed, utf8)] : Encoding.UTF8.GetBytes(crossed);
        var reader = new PackedReader(keys);
        for (int n = reader.Count(); n > 0; n--)
        {
            bool found = reader.UInt() == (ulong)key.Index & reader.TextBytes().SequenceEqual(wanted);
            ReadOnlySpan<byte> data = reader.Bytes();
            if (!found) continue;
            counts = new(data, key);
            return true;
        }
        counts = default;
        return false;
    }

    RecentEvents ReadRecent(int wanted)
    {
        var reader = new PackedReader(recent);
        for (int p = 0; ; p++)
        {
            int n = reader.Count();
            var events = new (long, string)[n];
            for (int i = 0; i < n; i++) events[i] = (LastEventMs - reader.Int(), reader.Text() ?? "");
            if (p < wanted) continue;
            var found = new RecentEvents();
            for (int i = n - 1; i >= 0; i--) found.Restore(events[i].Item1, events[i].Item2);
            return found;
        }
    }
}
