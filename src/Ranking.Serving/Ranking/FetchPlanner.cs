using System.Runtime.InteropServices;
using Ranking.Features.Aggregates;
using Ranking.Features.Examples;

namespace Ranking.Serving.Ranking;

/// <summary>Lists what a request reads: the user's row, the items', and those of whatever else owns a feature.</summary>
internal sealed class FetchPlanner(FeaturePlan plan)
{
    static readonly string[] NoTokens = [];

    public FetchPlan Plan(RankQuery query, bool tokens)
    {
        int owners = plan.Owners.Length;
        int count = query.Candidates.Count;
        var rows = new List<RowKey>(count + 8);
        var known = new Dictionary<RowKey, int>(count + 8);
        var places = new int[count * owners];
        for (int c = 0; c < count; c++)
        {
            CandidateQuery candidate = query.Candidates[c];
            var fields = new KeyFields(query.User, candidate.Id, candidate.Context ?? query.Context);
            for (int o = 0; o < owners; o++)
            {
                OwnerPlan owner = plan.Owners[o];
                string? id = owner.Columns.Length > 0 ? fields.Of(owner.Field) : null;
                places[c * owners + o] = id is null ? -1 : PlaceOf(new(owner.Kind, id), rows, known);
            }
        }
        return new(rows, places, owners, tokens ? [.. query.Candidates.Select(c => c.Id)] : NoTokens);
    }

    static int PlaceOf(RowKey key, List<RowKey> rows, Dictionary<RowKey, int> known)
    {
        ref int place = ref CollectionsMarshal.GetValueRefOrAddDefault(known, key, out bool exists);
        if (!exists)
        {
            place = rows.Count;
            rows.Add(key);
        }
        return place;
    }
}
