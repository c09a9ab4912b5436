using Ranking.Features.Errors;

namespace Ranking.Serving.Ranking;

/// <summary>Finds the name that was probably meant.</summary>
internal static class NearestName
{
    /// <summary>The known name with the least edit distance, whatever the case, if that is at most a third of the longer name; else null.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > EditDistance.LongestName) return null;
        (string? best, int least) = (null, int.MaxValue);
        foreach (string candidate in known)
        {
            int distance = EditDistance.Between(name, candidate, ignoreCase: true);
            if (distance < least && distance * 3 <= Math.Max(name.Length, candidate.Length)) (best, least) = (candidate, distance);
        }
        return best;
    }
}
