using Ranking.Features.Errors;

namespace Ranking.Cli.Parsing;

/// <summary>Which known name a misspelt one most likely means.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest edits, or that begins so, if they are few for its length; null otherwise.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > EditDistance.LongestName) return null;
        (string? best, int distance) = (null, Math.Max(1, name.TrimStart('-').Length / 3) + 1);
        foreach (string candidate in known)
        {
            int edits = candidate.StartsWith(name, StringComparison.Ordinal) && name.TrimStart('-').Length >= 3 ? 1 : EditDistance.Between(name, candidate);
            if (edits < distance) (best, distance) = (candidate, edits);
        }
        return best;
    }
}
