using Ranking.Client;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Cli.Quickstart;

/// <summary>A list that was really shown.</summary>
/// <param name="User">Who saw it.</param>
/// <param name="Context">The request's context.</param>
/// <param name="Candidates">The items shown, in order, each once, with their candidate features.</param>
/// <param name="Impressions">The impression of each.</param>
internal sealed record ShownList(string User, IReadOnlyDictionary<string, FeatureValue> Context, IReadOnlyList<Candidate> Candidates, IReadOnlyList<Impression> Impressions)
{
    /// <summary>The lists of some impressions, in the order of their first ones: by user and the spec's list key.</summary>
    public static List<ShownList> Of(RankingSpec spec, IEnumerable<Impression> impressions)
    {
        var lists = new OrderedDictionary<string, (List<Candidate> Candidates, List<Impression> Shown, HashSet<string> Seen)>(StringComparer.Ordinal);
        foreach (Impression i in impressions)
        {
            string key = $"{i.User}\n{ListKeys.Of(spec, RequestFields.Of(i), i.RequestId)}";
            if (!lists.TryGetValue(key, out var list)) lists.Add(key, list = ([], [], new(StringComparer.Ordinal)));
            if (!list.Seen.Add(i.Item)) continue;
            list.Candidates.Add(new(i.Item, Fields(spec, i, ContextScope.Candidate)));
            list.Shown.Add(i);
        }
        return [.. lists.Values.Select(l => new ShownList(l.Shown[0].User, Fields(spec, l.Shown[0], ContextScope.Request), l.Candidates, l.Shown))];
    }

    /// <summary>The context fields of one scope.</summary>
    public static Dictionary<string, FeatureValue> Fields(RankingSpec spec, Impression impression, ContextScope scope)
    {
        var fields = new Dictionary<string, FeatureValue>(StringComparer.Ordinal);
        int at = 0;
        foreach ((string name, ContextFieldSpec field) in spec.Context)
        {
            FieldValue value = impression.Context[at++];
            if (field.Per != scope || value.IsMissing) continue;
            fields.Add(name, value.Number is { } number ? FeatureValue.Of(number) : value.Ids is { } ids ? FeatureValue.Of(ids) : FeatureValue.Of(value.Id!));
        }
        return fields;
    }

    /// <summary>NDCG@10 of an order of the list; null where all or none of it was liked, which any order gets right.</summary>
    /// <param name="order">Places in the shown order.</param>
    /// <param name="liked">Whether an impression was liked.</param>
    public double? Ndcg(IEnumerable<int> order, Func<Impression, bool> liked)
    {
        bool[] labels = [.. Impressions.Select(liked)];
        int positives = labels.Count(l => l);
        if (positives == 0 || positives == labels.Length) return null;
        double gain = order.Take(10).Select((i, rank) => labels[i] ? 1 / Math.Log2(rank + 2) : 0).Sum();
        return gain / Enumerable.Range(0, Math.Min(10, positives)).Sum(rank => 1 / Math.Log2(rank + 2));
    }
}
