using System.Text;
using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Rows;

/// <summary>A row as Redis and the topic <c>rows</c> hold it, read in place.</summary>
public readonly ref struct PackedRow : IEntityView
{
    readonly ReadOnlySpan<byte> documents, keys, recent;
    [ThreadStatic] static PackedCounts? unpacked;
    readonly FeaturePlan plan;
    readonly long sinceMs;
    readonly OwnerPlan owner;
    readonly Dictionary<(ulong Key, string Crossed), (int At, int Length)>? index;
    readonly LastDocument? last;

    /// <summary>Finds the parts of a row.</summary>
    /// <param name="plan">The spec, resolved.</param>
    /// <param name="owner">The row's kind.</param>
    /// <param name="row">Its bytes.</param>
    /// <param name="indexed">Whether keys and document are looked up often: a user's row is asked for each candidate.</param>
    /// <exception cref="InvalidDataException">It is of a newer format, or damaged.</exception>
    public PackedRow(FeaturePlan plan, OwnerPlan owner, ReadOnlySpan<byte> row, bool indexed = false)
    {
        (this.plan, this.owner) = (plan, owner);
        var reader = new PackedReader(row);
        byte format = reader.Byte();
        if (format is not (EntityState.Format or EntityState.FormatSince)) throw new InvalidDataException($"row of format {format}; this program reads {EntityState.Format} and {EntityState.FormatSince}");
        LastEventMs = reader.Int();
        sinceMs = format == EntityState.FormatSince ? LastEventMs - reader.Int() : long.MinValue;
        documents = reader.Rest;
        for (int n = reader.Count(); n > 0; n--) { reader.UInt(); reader.Byte(); reader.Bytes(); }
        keys = reader.Rest;
        int count = reader.Count();
        if (indexed) (index, last) = (new(count), new());
        for (int n = count; n > 0; n--)
        {
            ulong key = reader.UInt();
            ReadOnlySpan<byte> crossed = reader.TextBytes(), data = reader.Bytes();
            index?.TryAdd((key, Encoding.UTF8.GetString(crossed)), (keys.Length - reader.Rest.Length - data.Length, data.Length));
        }
        recent = reader.Rest;
    }

    /// <summary>Time of the latest event that changed the row.</summary>
    public long LastEventMs { get; }

    /// <inheritdoc/>
    public FieldValue[]? Document(long cutMs)
    {
        if (last is null) return ReadDocument(cutMs);
        if (last.CutMs != cutMs) (last.Values, last.CutMs) = (ReadDocument(cutMs), cutMs);
        return last.Values;
    }

    FieldValue[]? ReadDocument(long cutMs)
    {
        var reader = new PackedReader(documents);
        for (int n = reader.Count(); n > 0; n--)
        {
            long timeMs = LastEventMs - reader.Int();
            bool deleted = reader.Byte() == 0;
            var packed = new PackedReader(reader.Bytes());
            if (timeMs > cutMs) continue;
            if (deleted || IsExpired(cutMs)) return null;
            var values = new FieldValue[owner.Document.Length];
            for (int i = 0; i < values.Length; i++) values[i] = packed.Value();
            return values;
        }
        return null;
    }

    /// <inheritdoc/>
    public bool Holds(long cutMs)
    {
        if (cutMs < sinceMs) return false;
        if (owner.Document.Length == 0) return true;
        var reader = new PackedReader(documents);
        int n = reader.Count();
        if (n == 0) return true;
        long oldest = long.MaxValue;
        for (; n > 0; n--) { oldest = LastEventMs - reader.Int(); reader.Byte(); reader.Bytes(); }
        return oldest <= cutMs || cutMs >= LastEventMs - plan.DelayMs;
    }

    /// <inheritdoc/>
    public KeyFound WriteAggregates(KeyAggregates of, string crossed, long cutMs, FeatureDraft draft)
    {
        if (IsExpired(cutMs) || !TryFind(of.Key, crossed, out ReadOnlySpan<byte> data)) return KeyFound.No;
        PackedCounts counts = unpacked ??= new();
        counts.Read(data, of.Key);
        AggregateFormula.Write(of, counts, cutMs, long.MinValue, draft);
        return counts.Holds(of, cutMs, plan.DelayMs) ? KeyFound.Whole : KeyFound.InPart;
    }

    /// <inheritdoc/>
    public string[] Recent(int plan, int length, long cutMs) => IsExpired(cutMs) ? [] : ReadRecent(plan).Before(length, cutMs);

    /// <inheritdoc/>
    public long? LastBefore(int plan, long cutMs) => IsExpired(cutMs) ? null : ReadRecent(plan).LastBefore(cutMs);

    /// <summary>Whether the entity was silent for its time to live: its row will be deleted.</summary>
    bool IsExpired(long cutMs) => owner.TtlMs != long.MaxValue && cutMs - owner.TtlMs > LastEventMs;

    bool TryFind(KeyPlan key, string crossed, out ReadOnlySpan<byte> data)
    {
        data = default;
        if (index is not null)
        {
            if (!index.TryGetValue(((ulong)key.Index, crossed), out (int At, int Length) place)) return false;
            data = keys.Slice(place.At, place.Length);
            return true;
        }
        Span<byte> utf8 = stackalloc byte[256];
        ReadOnlySpan<byte> wanted = crossed.Length * 3 <= utf8.Length ? utf8[..Encoding.UTF8.GetBytes(crossed, utf8)] : Encoding.UTF8.GetBytes(crossed);
        var reader = new PackedReader(keys);
        for (int n = reader.Count(); n > 0; n--)
        {
            bool found = reader.UInt() == (ulong)key.Index & reader.TextBytes().SequenceEqual(wanted);
            data = reader.Bytes();
            if (found) return true;
        }
        return false;
    }

    /// <summary>The document that was read last: one of many ids takes a while.</summary>
    sealed class LastDocument
    {
        public long? CutMs { get; set; }

        public FieldValue[]? Values { get; set; }
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
