using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Partitioning;

namespace Ranking.Features.Rows;

/// <summary>All that its owner knows of one entity: documents, counts by key, and a user's recent events.</summary>
/// <param name="plan">The spec, resolved.</param>
/// <param name="owner">The entity's kind.</param>
public sealed partial class EntityState(FeaturePlan plan, OwnerPlan owner) : IEntityView
{
    /// <summary>Number of the rows' format: newer ones are refused.</summary>
    public const byte Format = 1;

    [ThreadStatic]
    static PackedWriter? scratch;

    readonly List<(long TimeMs, FieldValue[]? Values)> documents = [];
    readonly Dictionary<(int Key, string Crossed), KeyCounts> counts = [];
    readonly RecentEvents[] recent = owner.Index == 0 ? [.. plan.Recent.Select(_ => new RecentEvents())] : [];

    /// <summary>Time of the latest event that changed anything here.</summary>
    public long LastEventMs { get; private set; } = long.MinValue;

    /// <summary>The round of writing rows in which it changed last.</summary>
    public long RowRound { get; set; } = long.MinValue;

    /// <summary>Time of the entity's deletion, if its latest document says that; null otherwise.</summary>
    public long? DeletedMs => documents.Count > 0 && documents[^1] is { Values: null } last ? last.TimeMs : null;

    /// <summary>A document from a time on, not before the last one; null deletes.</summary>
    public void SetDocument(long timeMs, FieldValue[]? values)
    {
        documents.Add((timeMs, values));
        LastEventMs = Math.Max(LastEventMs, timeMs);
    }

    /// <summary>Counts an event in every key of it whose fields are known.</summary>
    /// <param name="timeMs">Its event time.</param>
    /// <param name="kind">impression, or the kind of feedback.</param>
    /// <param name="amount">How much, in millionths.</param>
    /// <param name="fields">Where the crossed fields are.</param>
    public void Count(long timeMs, string kind, long amount, in KeyFields fields)
    {
        foreach (KeyPlan key in owner.Keys)
        {
            int measure = key.MeasureOf(kind);
            if (measure < 0 || fields.Cross(key.Crossed) is not { } crossed) continue;
            if (!counts.TryGetValue((key.Index, crossed), out KeyCounts? of)) counts.Add((key.Index, crossed), of = new(key));
            of.Add(key, measure, timeMs, amount);
            LastEventMs = Math.Max(LastEventMs, timeMs);
        }
    }

    /// <summary>Remembers an event for the user's sequences; events come in order of time.</summary>
    public void Remember(long timeMs, string kind, in KeyFields fields)
    {
        for (int i = 0; i < recent.Length; i++)
        {
            RecentPlan of = plan.Recent[i];
            if (of.Of != kind) continue;
            string? id = of.Field is { } field ? fields.Of(field) : "";
            if (id is null) continue;
            recent[i].Add(timeMs, id, of.Length, plan.DelayMs);
            LastEventMs = Math.Max(LastEventMs, timeMs);
        }
    }

    /// <summary>Forgets what neither a cut at or after <paramref name="cutMs"/> nor the row can need.</summary>
    public void TrimBelow(long cutMs)
    {
        foreach (((int key, _), KeyCounts of) in counts) of.TrimBelow(owner.Keys[key], cutMs, plan.DelayMs);
        long needed = Math.Min(cutMs, LastEventMs - plan.DelayMs);
        int superseded = 0;
        while (superseded + 1 < documents.Count && documents[superseded + 1].TimeMs <= needed) superseded++;
        if (superseded > 0) documents.RemoveRange(0, superseded);
    }

    /// <inheritdoc/>
    public bool IsDeletedAt(long cutMs)
    {
        for (int i = documents.Count - 1; i >= 0; i--) if (documents[i].TimeMs <= cutMs) return documents[i].Values is null;
        return false;
    }

    /// <inheritdoc/>
    public FieldValue[]? Document(long cutMs)
    {
        for (int i = documents.Count - 1; i >= 0; i--) if (documents[i].TimeMs <= cutMs) return documents[i].Values;
        return null;
    }

    /// <inheritdoc/>
    public bool HoldsDocument(long cutMs) => true;

    /// <inheritdoc/>
    public KeyFound WriteAggregates(KeyAggregates of, string crossed, long cutMs, FeatureDraft draft)
    {
        if (!counts.TryGetValue((of.Key.Index, crossed), out KeyCounts? found)) return KeyFound.No;
        AggregateFormula.Write(of, found, cutMs, draft);
        return KeyFound.Whole;
    }

    /// <inheritdoc/>
    public string[] Recent(int plan, int length, long cutMs) => recent[plan].Before(length, cutMs);

    /// <inheritdoc/>
    public long? LastBefore(int plan, long cutMs) => recent[plan].LastBefore(cutMs);

    /// <summary>Writes the row: a function of the entity's events alone, read back by <see cref="PackedRow"/>.</summary>
    public void WriteRow(PackedWriter writer)
    {
        writer.Byte(Format);
        writer.Int(LastEventMs);
        int first = documents.Count - 1;
        while (first > 0 && documents[first].TimeMs > LastEventMs - plan.DelayMs) first--;
        first = Math.Max(first, 0);
        writer.UInt((ulong)(documents.Count - first));
        PackedWriter values = scratch ??= new();
        for (int i = documents.Count - 1; i >= first; i--)
        {
            writer.Int(LastEventMs - documents[i].TimeMs);
            writer.Byte(documents[i].Values is null ? (byte)0 : (byte)1);
            values.Clear();
            foreach (FieldValue value in documents[i].Values ?? []) values.Value(value);
            writer.Bytes(values.Written);
        }
        var keys = counts.Keys.ToList();
        keys.Sort((a, b) => a.Key != b.Key ? a.Key.CompareTo(b.Key) : Ids.Compare(a.Crossed, b.Crossed));
        writer.UInt((ulong)keys.Count);
        foreach ((int key, string crossed) in keys)
        {
            writer.UInt((ulong)key);
            writer.Text(crossed);
            values.Clear();
            counts[(key, crossed)].Write(values, owner.Keys[key], plan.DelayMs);
            writer.Bytes(values.Written);
        }
        foreach (RecentEvents of in recent)
        {
            writer.UInt((ulong)of.Count);
            for (int i = of.Count - 1; i >= 0; i--)
            {
                writer.Int(LastEventMs - of[i].TimeMs);
                writer.Text(of[i].Id);
            }
        }
    }
}
