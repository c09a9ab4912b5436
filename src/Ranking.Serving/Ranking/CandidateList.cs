using System.Globalization;
using Ranking.Features.Events;

namespace Ranking.Serving.Ranking;

/// <summary>
/// The candidates of a request, each id once. Callers that merge several sources of candidates send copies, which are harmless
/// and dropped; the same id with other features is a mistake that we cannot decide, and refused.
/// </summary>
internal sealed class CandidateList
{
    readonly Dictionary<string, int> places = new(StringComparer.Ordinal);

    public List<CandidateQuery> Items { get; } = [];

    /// <param name="id">The item.</param>
    /// <param name="context">Its own context, or null.</param>
    /// <param name="index">Its place in the request, for the refusal.</param>
    public void Add(string id, FieldValue[]? context, int index)
    {
        if (places.TryAdd(id, Items.Count))
        {
            Items.Add(new(id, context));
            return;
        }
        FieldValue[]? first = Items[places[id]].Context;
        if ((first is null) != (context is null) || (first is not null && !first.AsSpan().SequenceEqual(context)))
        {
            throw RequestRefusedException.Field400(string.Create(CultureInfo.InvariantCulture, $"$.candidates[{index}]"),
                $"'{id}' again with other features", "each candidate once");
        }
    }
}
