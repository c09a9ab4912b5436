namespace Ranking.Serving.Ranking;

/// <summary>Finds the name that was probably meant.</summary>
internal static class NearestName
{
    /// <summary>The known name with the least edit distance, if that is at most a third of the longer name; else null.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        string? best = null;
        int least = int.MaxValue;
        if (name.Length > 64) return null; // no name is so long, and the distance costs its square
        foreach (string candidate in known)
        {
            int distance = Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < least && distance * 3 <= Math.Max(name.Length, candidate.Length)) (best, least) = (candidate, distance);
        }
        return best;
    }

    /// <summary>Insertions, deletions, replacements and exchanges of neighbours that turn one text into the other.</summary>
    static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
