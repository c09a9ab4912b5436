using System.Text.Json;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Features.Tests.Joining;

/// <summary>The join, the aggregates and what is forgotten of <see cref="SmallProblem"/>, from their definitions, over the whole history at once.</summary>
sealed class NaivePipeline
{
    readonly List<SourceEvent> events;
    readonly List<(SourceEvent Event, string Kind, string User, string Item, string? Tab, string? Author)> counted = [];
    readonly RankingSpec spec;
    readonly string featureHash;
    readonly long delay;

    public NaivePipeline(IEnumerable<SourceEvent> log, RankingSpec? spec = null)
    {
        this.spec = spec ?? SmallProblem.Spec;
        featureHash = this.spec.FeatureHash;
        delay = (long)this.spec.Delay.TotalMilliseconds;
        events = [.. log];
        events.Sort((a, b) => SourceEvent.Compare(a, b) is var c && c != 0 ? c : a.CompareContent(b));
        for (int i = events.Count - 1; i > 0; i--) if (SourceEvent.Compare(events[i - 1], events[i]) == 0) events.RemoveAt(i);
        foreach (SourceEvent e in events)
        {
            if (e is Impression i) counted.Add((i, "impression", i.User, i.Item, i.Context[0].Id, i.Context[1].Id));
            if (e is Feedback f) { Impression? j = Joined(f, 60_000); counted.Add((f, f.Kind, f.User, f.Item, j?.Context[0].Id, j?.Context[1].Id)); }
        }
    }

    public IEnumerable<string> Examples() => events.OfType<Impression>().Select(Describe);

    Impression? Joined(Feedback f, long window)
    {
        Impression? latest = events.OfType<Impression>().LastOrDefault(i => i.User == f.User && i.Item == f.Item && i.TimeMs <= f.TimeMs && (f.RequestId is null || f.RequestId == i.RequestId));
        return latest is not null && f.TimeMs < latest.TimeMs + window ? latest : null;
    }

    string Describe(Impression i)
    {
        long cut = i.TimeMs - delay;
        bool Label(string kind, long window) => events.OfType<Feedback>().Any(f => f.Kind == kind && f.TimeMs < i.TimeMs + window && ReferenceEquals(Joined(f, 60_000), i));
        long userFrom = KeepFrom("user", i.User, cut, e => e.User == i.User), itemFrom = KeepFrom("item", i.Item, cut, e => e.Item == i.Item && e.Kind != "buy");
        IEnumerable<float> Rates(string count, long from, Func<(SourceEvent Event, string Kind, string User, string Item, string? Tab, string? Author), bool> key, params int[] windowSeconds)
        {
            foreach (int seconds in windowSeconds)
            {
                long bucket = seconds == 0 ? 1000 : seconds * 1000L / 24, ended = (long)Math.Floor((double)cut / bucket);
                double Sum(string kind) => counted.Where(e => e.Kind == kind && key(e) && Math.Floor((double)e.Event.TimeMs / bucket) is var b && b < ended && b >= Math.Ceiling((double)from / bucket) && (seconds == 0 || b >= ended - 24))
                    .Sum(e => e.Event is Feedback f ? f.Value / 1e6 : 1);
                double c = Sum(count), o = Sum("impression");
                yield return (float)((c + .5) / (o + 2));
                yield return (float)Math.CopySign(Math.Log(1 + Math.Abs(c)), c);
                yield return (float)Math.Log(1 + o);
            }
        }
        string[] Sequence(Func<(SourceEvent Event, string Kind, string User, string Item, string? Tab, string? Author), string?> field, int n) =>
            [.. counted.Where(e => e.Kind == "click" && e.User == i.User && e.Event.TimeMs < cut && e.Event.TimeMs >= userFrom).Reverse().Select(field).OfType<string>().Take(n)];
        FieldValue[]? Doc(string kind, string id, long from) => events.OfType<EntityDocument>().LastOrDefault(d => d.Kind == kind && d.Id == id && d.TimeMs <= cut) is { Json: { } json } doc && doc.TimeMs >= from
            ? new Rows.DocumentReader(kind == "user" ? [new("age", Rows.DocumentFieldKind.Number)] : [new("genre", Rows.DocumentFieldKind.Ids, 2)], new()).Read(json) : null;
        float? Look(string kind, string id, long from, string[] path, string? key)
        {
            if (events.OfType<EntityDocument>().LastOrDefault(d => d.Kind == kind && d.Id == id && d.TimeMs <= cut) is not { Json: { } json } doc || doc.TimeMs < from) return null;
            JsonElement at = JsonDocument.Parse(json).RootElement;
            foreach (string name in path) at = at.GetProperty(name);
            if (at.ValueKind != JsonValueKind.Object || key is null) return null;
            JsonElement of = at.EnumerateObject().LastOrDefault(p => p.Name == key).Value;
            return of.ValueKind switch { JsonValueKind.Number => (float)of.GetDouble(), JsonValueKind.True => 1, _ => null };
        }
        float[] labels = [Label("click", 60_000) ? 1 : 0, Label("buy", 30_000) ? 1 : 0];
        // Another feature hash or something that lacked makes a record useless; of the others the first counts.
        if (events.OfType<Served>().FirstOrDefault(s => s.User == i.User && s.RequestId == i.RequestId && s.Item == i.Item
            && Math.Abs(s.TimeMs - i.TimeMs) < 60_000 && s.Degraded.Length == 0 && s.FeatureHash == featureHash) is { } served)
        {
            FeatureVector scored = FeatureVector.Read(served.Features, FeatureLayout.Of(spec));
            return Text(new(i.TimeMs, i.RequestId, i.User, i.Item, "", scored, labels, ExampleSource.Served));
        }
        string? tab = i.Context[0].Id, author = i.Context[1].Id;
        long? last = counted.Where(e => e.Kind == "impression" && e.User == i.User && e.Event.TimeMs < cut && e.Event.TimeMs >= userFrom).Select(e => (long?)e.Event.TimeMs).LastOrDefault();
        float[] numbers =
        [
            (float)(Doc("user", i.User, userFrom)?[0].Number ?? -1),
            (Look("user", i.User, userFrom, ["past", "likes"], author) ?? -2) - .5f,
            Look("item", i.Item, itemFrom, ["tabs"], tab) ?? 0,
            .. Rates("click", userFrom, e => e.User == i.User, 60, 0),
            .. Rates("buy", userFrom, e => e.User == i.User && tab is not null && e.Tab == tab, 120),
            .. Rates("click", itemFrom, e => e.Item == i.Item, 24, 0),
            .. Rates("click", itemFrom, e => e.Item == i.Item && tab is not null && e.Tab == tab, 0),
            .. Rates("buy", long.MinValue, e => author is not null && e.Author == author, 240, 0),
            (float)Math.Log(1 + (last is null ? 1000 : (i.TimeMs - last.Value) / 1000.0)),
        ];
        string[][] ids = [[i.User], tab is null ? [] : [tab], Doc("item", i.Item, itemFrom)?[0].Ids ?? [], Sequence(e => e.Item, 3), Sequence(e => e.Tab, 2)];
        return Text(i.TimeMs, i.User, i.RequestId, i.Item, labels, numbers, ids);
    }

    /// <summary>What happened to an entity before its last deletion, or before a silence of its time to live, is forgotten.</summary>
    long KeepFrom(string kind, string id, long cut, Func<(SourceEvent Event, string Kind, string User, string Item, string? Tab, string? Author), bool> isOf)
    {
        EntityDocument[] documents = [.. events.OfType<EntityDocument>().Where(d => d.Kind == kind && d.Id == id && d.TimeMs <= cut)];
        long from = documents.LastOrDefault(d => d.Json is null)?.TimeMs ?? long.MinValue;
        if (spec.Entities[kind].Ttl is not { } ttl) return from;
        long[] times = [.. counted.Where(e => isOf(e) && e.Event.TimeMs <= cut).Select(e => e.Event.TimeMs).Concat(documents.Select(d => d.TimeMs)).Order(), cut];
        for (int n = times.Length - 1; n > 0; n--) if (times[n] - times[n - 1] > ttl.TotalMilliseconds) return Math.Max(from, times[n - 1] + 1);
        return from;
    }

    public static string Text(Example e) =>
        Text(e.TimeMs, e.User, e.RequestId, e.Item, e.Labels, e.Features.Numbers, [.. Enumerable.Range(0, e.Features.IdOffsets.Length - 1).Select(c => e.Features.IdsOf(c).ToArray())]);

    static string Text(long time, string user, string request, string item, float[] labels, float[] numbers, string[][] ids) =>
        FormattableString.Invariant($"{time} {user} {request} {item} [{string.Join(' ', labels)}] [{string.Join(' ', numbers.Select(n => n.ToString("R", System.Globalization.CultureInfo.InvariantCulture)))}] {string.Join(';', ids.Select(i => string.Join(',', i)))}");
}
