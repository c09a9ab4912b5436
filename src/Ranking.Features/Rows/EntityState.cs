using Ranking.Features.Aggregates;
using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Rows;

/// <summary>All that its owner knows of one entity: documents, counts by key, and a user's recent events.</summary>
/// <param name="plan">The spec, resolved.</param>
/// <param name="owner">The entity's kind.</param>
public sealed partial class EntityState(FeaturePlan plan, OwnerPlan owner) : IEntityView
{
    /// <summary>Numbers of the rows' format: newer ones are refused. One that begins after a deletion or a silence says so, in the second.</summary>
    public const byte Format = 1, FormatSince = 2;

    readonly List<(long TimeMs, FieldValue[]? Values)> documents = [];
    readonly Dictionary<(int Key, string Crossed), KeyCounts> counts = [];
    readonly Silences? silences = owner.TtlMs == long.MaxValue ? null : new();
    readonly RecentEvents[] recent = owner.Index == 0 ? [.. plan.Recent.Select(_ => new RecentEvents())] : [];

    /// <summary>Time of the latest event that changed anything here.</summary>
    public long LastEventMs { get; private set; } = long.MinValue;

    /// <summary>The round of writing rows in which it changed last.</summary>
    public long RowRound { get; set; } = long.MinValue;

    /// <summary>Time of the entity's deletion, if its latest document says that; null otherwise.</summary>
    public long? DeletedMs => documents.Count > 0 && documents[^1] is { Values: null } last ? last.TimeMs : null;

    /// <summary>Whether nothing happened since it was deleted.</summary>
    public bool IsDeleted => DeletedMs is { } timeMs && timeMs == LastEventMs
        && !counts.Any(c => c.Value.HoldsFrom(owner.Keys[c.Key.Key], timeMs)) && !Array.Exists(recent, of => of.Count > 0 && of[of.Count - 1].TimeMs >= timeMs);

    /// <summary>When what is to be forgotten can be: no event of an earlier bucket can come then, and no earlier cut.</summary>
    public IEnumerable<long> ForgetsAt()
    {
        foreach ((long timeMs, FieldValue[]? values) in documents) if (values is null) yield return owner.BucketsEndMs(timeMs);
        foreach ((long fromMs, long toMs) in silences?.All ?? []) yield return Math.Max(toMs, owner.BucketsEndMs(fromMs));
    }

    /// <summary>Takes note that something happened at a time.</summary>
    /// <returns>Whether there is now more to be forgotten.</returns>
    public bool Happened(long timeMs)
    {
        LastEventMs = Math.Max(LastEventMs, timeMs);
        return silences?.Add(timeMs, owner.TtlMs) ?? false;
    }

    /// <summary>A document from a time on, not before the last one; null deletes.</summary>
    public void SetDocument(long timeMs, FieldValue[]? values)
    {
        documents.Add((timeMs, values));
        Happened(timeMs);
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
            Happened(timeMs);
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
            Happened(timeMs);
        }
    }

    /// <summary>Forgets what neither a cut at or after <paramref name="cutMs"/> nor the row can need.</summary>
    public void TrimBelow(long cutMs)
    {
        Forget(cutMs);
        // What a deletion or silence will forget is known by the buckets that come after it.
        long countedMs = cutMs;
        foreach ((long timeMs, FieldValue[]? values) in documents) if (values is null) countedMs = Math.Min(countedMs, timeMs);
        foreach ((long fromMs, _) in silences?.All ?? []) countedMs = Math.Min(countedMs, fromMs);
        foreach (((int key, _), KeyCounts of) in counts) of.TrimBelow(owner.Keys[key], countedMs, plan.DelayMs);
        long needed = Math.Min(cutMs, LastEventMs - plan.DelayMs);
        int superseded = 0;
        // A deletion is needed until what it forgets is forgotten.
        while (superseded + 1 < documents.Count && documents[superseded + 1].TimeMs <= needed && documents[superseded].Values is not null) superseded++;
        if (superseded > 0) documents.RemoveRange(0, superseded);
    }

    /// <summary>Forgets for good what was before deletions and silences that every cut at or after <paramref name="cutMs"/> comes after.</summary>
    public void Forget(long cutMs)
    {
        long keepFromMs = long.MinValue;
        foreach ((long timeMs, FieldValue[]? values) in documents) if (values is null && owner.BucketsEndMs(timeMs) <= cutMs) keepFromMs = timeMs;
        foreach ((long fromMs, long toMs) in silences?.All ?? []) if (Math.Max(toMs, owner.BucketsEndMs(fromMs)) <= cutMs) keepFromMs = Math.Max(keepFromMs, fromMs + 1);
        if (keepFromMs == long.MinValue) return;
        foreach (((int key, string crossed), KeyCounts of) in counts) if (!of.ForgetBefore(owner.Keys[key], keepFromMs)) counts.Remove((key, crossed));
        documents.RemoveAll(d => d.TimeMs < keepFromMs || (d.TimeMs == keepFromMs && d.Values is null));
        foreach (RecentEvents of in recent) of.ForgetBefore(keepFromMs);
        silences?.TrimBelow(keepFromMs);
    }

    /// <inheritdoc/>
    public FieldValue[]? Document(long cutMs)
    {
        int i = documents.Count - 1;
        while (i >= 0 && documents[i].TimeMs > cutMs) i--;
        return i >= 0 && documents[i].TimeMs >= KeepFrom(cutMs) ? documents[i].Values : null;
    }

    /// <inheritdoc/>
    public bool Holds(long cutMs) => true;

    /// <inheritdoc/>
    public KeyFound WriteAggregates(KeyAggregates of, string crossed, long cutMs, FeatureDraft draft)
    {
        if (!counts.TryGetValue((of.Key.Index, crossed), out KeyCounts? found)) return KeyFound.No;
        AggregateFormula.Write(of, found, cutMs, KeepFrom(cutMs), draft);
        return KeyFound.Whole;
    }

    /// <inheritdoc/>
    public string[] Recent(int plan, int length, long cutMs) => recent[plan].Before(length, cutMs, KeepFrom(cutMs));

    /// <inheritdoc/>
    public long? LastBefore(int plan, long cutMs) => recent[plan].LastBefore(cutMs, KeepFrom(cutMs));

    /// <summary>The time from which on events count for a cut: its latest deletion, or the end of life before its latest silence.</summary>
    long KeepFrom(long cutMs)
    {
        long from = silences?.KeepFrom(cutMs, owner.TtlMs) ?? long.MinValue;
        for (int i = documents.Count - 1; i >= 0; i--)
            if (documents[i].Values is null && documents[i].TimeMs <= cutMs) return Math.Max(from, documents[i].TimeMs);
        return from;
    }
}
