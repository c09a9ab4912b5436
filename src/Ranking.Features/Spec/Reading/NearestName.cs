using Ranking.Features.Errors;

namespace Ranking.Features.Spec.Reading;

/// <summary>What a misspelt name was probably meant to be.</summary>
static class NearestName
{
    const int MostListed = 20;

    /// <summary>The words of an error for a name that is not among <paramref name="names"/>: the nearest one, or all of them if they are few.</summary>
    public static string Expected(string what, string name, IEnumerable<string> names)
    {
        string[] all = [.. names];
        if (all.Length == 0) return $"{what} (there is none)";
        if (Of(name, all) is { } near) return $"{what}, perhaps {ScalarNode.Quote(near)}";
        return all.Length <= MostListed ? $"{what}, one of: {string.Join(", ", all)}" : what;
    }

    /// <summary>The nearest of <paramref name="names"/>, or null if none is near.</summary>
    public static string? Of(string name, IEnumerable<string> names)
    {
        if (name.Length > EditDistance.LongestName) return null;
        (string? best, int least) = (null, Math.Max(1, Math.Min(3, name.Length / 2)) + 1);
        foreach (string candidate in names)
        {
            int distance = EditDistance.Between(name, candidate, ignoreCase: true);
            if (distance < least) (best, least) = (candidate, distance);
        }
        return best;
    }
}
