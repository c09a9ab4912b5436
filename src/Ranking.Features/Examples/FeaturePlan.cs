using System.Collections.Immutable;
using Ranking.Features.Aggregates;
using Ranking.Features.Rows;
using Ranking.Features.Spec;
using Ranking.Mbat;

namespace Ranking.Features.Examples;

/// <summary>A spec's features, resolved: who owns what, what is counted, and how each column is computed.</summary>
public sealed class FeaturePlan
{
    readonly Dictionary<string, List<ColumnPlan>> columnsByOwner = new(StringComparer.Ordinal);
    readonly Dictionary<string, List<DocumentField>> documents = new(StringComparer.Ordinal);
    readonly Dictionary<string, List<KeyDraft>> keys = new(StringComparer.Ordinal);
    readonly List<RecentPlan> recent = [];

    /// <summary>Resolves a valid spec.</summary>
    public FeaturePlan(RankingSpec spec)
    {
        Spec = spec;
        Layout = FeatureLayout.Of(spec);
        DelayMs = (long)spec.Delay.TotalMilliseconds;
        ShortestBucketMs = spec.Features.Values.OfType<AggregateFeatureSpec>()
            .SelectMany(a => a.Windows.Where(w => w.Length is not null).Select(w => BucketMs(a, w))).DefaultIfEmpty(3_600_000).Min();
        var request = new List<ColumnPlan>();
        var pending = new List<(string Owner, int Place, AggregateFeatureSpec Feature, KeyDraft Key)>();
        foreach (FeatureColumn column in Layout.Columns)
        {
            FeatureSpec feature = spec.Features[column.Feature];
            switch (feature)
            {
                case AggregateFeatureSpec aggregate:
                    string owner = OwnerOf(aggregate.Key[0]);
                    KeyDraft key = KeyOf(owner, aggregate);
                    Of(columnsByOwner, owner).Add(new(feature, column));
                    pending.Add((owner, columnsByOwner[owner].Count - 1, aggregate, key));
                    break;
                case SequenceFeatureSpec sequence:
                    Of(columnsByOwner, "user").Add(new(feature, column, Recent: RecentOf(sequence.Of, sequence.Length, sequence.Field)));
                    break;
                case SinceFeatureSpec since:
                    Of(columnsByOwner, "user").Add(new(feature, column, Recent: RecentOf(since.Of, 1, null)));
                    break;
                default:
                    FieldRef? from = SourceOf(feature);
                    if (feature is MbatFeatureSpec) from = new(OwnerOf(from!)); // a kind of entity: a context field names it without a path into it
                    if (from is { IsDocument: true } || feature is MbatFeatureSpec) Of(columnsByOwner, from!.Scope).Add(new(feature, column, Document: DocumentOf(feature, from), By: feature is NumberFeatureSpec { By: { } by } ? FieldOf(by) : null));
                    else request.Add(new(feature, column, Context: from is { Scope: "context" } ? spec.Context.IndexOf(from.Path!) : -1));
                    break;
            }
        }
        RequestColumns = [.. request];
        string[] kinds = [.. new[] { "user", "item" }.Concat(columnsByOwner.Keys).Concat(spec.Entities.Keys).Distinct()];
        var owners = new List<OwnerPlan>();
        foreach (string kind in kinds)
        {
            KeyPlan[] plans = [.. (keys.GetValueOrDefault(kind) ?? []).Select(Finish)];
            foreach ((string owner, int place, AggregateFeatureSpec feature, KeyDraft key) in pending.Where(p => p.Owner == kind))
            {
                KeyPlan plan = plans[key.Index];
                columnsByOwner[kind][place] = columnsByOwner[kind][place] with
                {
                    Aggregate = new(feature, plan.Index, plan.MeasureOf(feature.Count), plan.MeasureOf(feature.Over), [.. feature.Windows.Select(w => WindowOf(plan, feature, w))]),
                };
            }
            owners.Add(new(owners.Count, kind, FieldOf(kind), [.. documents.GetValueOrDefault(kind) ?? []], [.. plans], [.. columnsByOwner.GetValueOrDefault(kind) ?? []])
            {
                TtlMs = spec.Entities.GetValueOrDefault(kind)?.Ttl is { } ttl ? (long)ttl.TotalMilliseconds : long.MaxValue,
            });
        }
        Owners = [.. owners];
        Recent = [.. recent];
    }

    /// <summary>The spec.</summary>
    public RankingSpec Spec { get; }

    /// <summary>Where each feature lies.</summary>
    public FeatureLayout Layout { get; }

    /// <summary>How old features are when an impression is shown, milliseconds.</summary>
    public long DelayMs { get; }

    /// <summary>The shortest bucket of the spec; one hour where no window has a length.</summary>
    public long ShortestBucketMs { get; }

    /// <summary>How documents become vectors.</summary>
    public MbatSettings Mbat => Spec.Mbat.Settings;

    /// <summary>Who knows what: the user first, then the item, then the others.</summary>
    public ImmutableArray<OwnerPlan> Owners { get; }

    /// <summary>The user.</summary>
    public OwnerPlan User => Owners[0];

    /// <summary>Columns that the impression, or the request, itself holds.</summary>
    public ImmutableArray<ColumnPlan> RequestColumns { get; }

    /// <summary>The user's recent events that are kept.</summary>
    public ImmutableArray<RecentPlan> Recent { get; }

    /// <summary>Whether the user's events of a kind are kept for some sequence or time since.</summary>
    public bool Remembers(string kind)
    {
        foreach (RecentPlan of in Recent) if (of.Of == kind) return true;
        return false;
    }

    /// <summary>The owner of a kind, or null if nothing is known of that kind.</summary>
    public OwnerPlan? Owner(string kind) => Owners.FirstOrDefault(o => o.Kind == kind);

    KeyField FieldOf(string name) => name switch
    {
        "user" => new(KeyFieldKind.User),
        "item" => new(KeyFieldKind.Item),
        _ => new(KeyFieldKind.Context, Spec.Context.IndexOf(name)),
    };

    KeyField FieldOf(FieldRef field) => FieldOf(field.Path ?? field.Scope);

    static string OwnerOf(FieldRef key) => key.Path ?? key.Scope;

    static FieldRef? SourceOf(FeatureSpec feature) => feature switch
    {
        IdFeatureSpec f => f.From,
        BucketFeatureSpec f => f.From,
        MultiHotFeatureSpec f => f.From,
        NumberFeatureSpec f => f.From,
        MbatFeatureSpec f => f.From,
        _ => null,
    };

    int DocumentOf(FeatureSpec feature, FieldRef from)
    {
        DocumentField field = feature switch
        {
            MbatFeatureSpec mbat => new(null, DocumentFieldKind.Vector, mbat.Dimension),
            IdFeatureSpec => new(from.Path, DocumentFieldKind.Id),
            MultiHotFeatureSpec multi => new(from.Path, DocumentFieldKind.Ids, multi.Length),
            NumberFeatureSpec { By: not null } => new(from.Path, DocumentFieldKind.NumbersById, NumberFeatureSpec.MostIds),
            _ => new(from.Path, DocumentFieldKind.Number),
        };
        List<DocumentField> fields = Of(documents, from.Scope);
        int at = fields.IndexOf(field);
        if (at < 0) { at = fields.Count; fields.Add(field); }
        return at;
    }

    int RecentOf(string of, int length, FieldRef? field)
    {
        // One list a kind of event and field, as long as the longest sequence of them.
        KeyField? kept = field is null ? null : FieldOf(field);
        int at = recent.FindIndex(r => r.Of == of && r.Field == kept);
        if (at < 0) { at = recent.Count; recent.Add(new(of, length, kept)); }
        else recent[at] = recent[at] with { Length = Math.Max(recent[at].Length, length) };
        return at;
    }

    KeyDraft KeyOf(string owner, AggregateFeatureSpec feature)
    {
        KeyField[] crossed = [.. feature.Key.Skip(1).Select(FieldOf)];
        List<KeyDraft> drafts = Of(keys, owner);
        KeyDraft? key = drafts.Find(k => k.Crossed.SequenceEqual(crossed));
        if (key is null) drafts.Add(key = new(drafts.Count, crossed));
        foreach (string measure in (string[])[feature.Count, feature.Over]) if (!key.Measures.Contains(measure)) key.Measures.Add(measure);
        foreach (WindowSpec window in feature.Windows)
        {
            long length = BucketMs(feature, window);
            int buckets = window.Length is { } w ? (int)(w.TotalMilliseconds / length) : 0;
            key.Buckets[length] = Math.Max(key.Buckets.GetValueOrDefault(length), buckets);
        }
        return key;
    }

    static KeyPlan Finish(KeyDraft key) => new(key.Index, [.. key.Crossed], [.. key.Measures], [.. key.Buckets.Select(b => new BucketPlan(b.Key, b.Value))]);

    (int Bucket, int Buckets) WindowOf(KeyPlan plan, AggregateFeatureSpec feature, WindowSpec window)
    {
        long length = BucketMs(feature, window);
        int bucket = 0;
        while (plan.Buckets[bucket].LengthMs != length) bucket++;
        return (bucket, window.Length is { } w ? (int)(w.TotalMilliseconds / length) : 0);
    }

    long BucketMs(AggregateFeatureSpec feature, WindowSpec window) =>
        window.Length is { } length ? (long)(feature.Bucket ?? length / 24).TotalMilliseconds : ShortestBucketMs;

    static List<T> Of<T>(Dictionary<string, List<T>> lists, string key) => lists.TryGetValue(key, out List<T>? list) ? list : lists[key] = [];

    sealed record KeyDraft(int Index, KeyField[] Crossed)
    {
        public List<string> Measures { get; } = [];

        public SortedDictionary<long, int> Buckets { get; } = [];
    }
}
