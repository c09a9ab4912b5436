using Ranking.Features.Spec;

namespace Ranking.Training.Evaluation;

/// <summary>
/// Whether GAUC may be reported. Where a user's own aggregates move through the evaluation, the user's earlier labels predict the
/// opposite next label among the users that have both, and GAUC measures that trap instead of the model.
/// </summary>
public static class GaucRule
{
    /// <summary>Why it may not; null where it may.</summary>
    /// <param name="spec">The spec of the examples.</param>
    /// <param name="userFrozenAtMs">Where the examples' user aggregates were frozen (<c>examples --freeze-user-at</c>); null where they move.</param>
    /// <param name="firstTimeMs">Event time of the first example that is evaluated.</param>
    public static string? ReasonAgainst(RankingSpec spec, long? userFrozenAtMs, long? firstTimeMs)
    {
        if (spec.List.Contains("request_id")) return null; // All rows of a list have the same user aggregates: one request, one cut.
        if (userFrozenAtMs <= firstTimeMs) return null;
        string[] moving = [.. spec.Features.Where(f => IsOfUser(f.Value)).Select(f => f.Key)];
        return moving.Length == 0 ? null
            : $"features of the user's own history move through the evaluation ({string.Join(", ", moving.Take(3))}{(moving.Length > 3 ? " …" : "")}) while lists span requests; write the examples with --freeze-user-at";
    }

    static bool IsOfUser(FeatureSpec feature) => feature switch
    {
        AggregateFeatureSpec aggregate => aggregate.Key.Contains(new FieldRef("user")),
        SequenceFeatureSpec or SinceFeatureSpec => true,
        _ => false,
    };
}
