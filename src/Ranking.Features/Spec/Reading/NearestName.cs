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
        if (name.Length > 64) return null;
        (string? best, int least) = (null, Math.Max(1, Math.Min(3, name.Length / 2)) + 1);
        foreach (string candidate in names)
        {
            int distance = Distance(name, candidate);
            if (distance < least) (best, least) = (candidate, distance);
        }
        return best;
    }

    /// <summary>Edits between two names: insert, delete, replace, or swap of neighbours (optimal string alignment).</summary>
    static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
            for (int j = 1; j <= b.Length; j++)
            {
                int change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        return d[a.Length, b.Length];
    }
}
