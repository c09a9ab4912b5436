namespace Ranking.Cli.Parsing;

/// <summary>Which known name a misspelt one most likely means.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest edits (a swap of neighbours counts one), if they are few for its length; null otherwise.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > 64) return null;
        (string? best, int distance) = (null, Math.Max(1, name.TrimStart('-').Length / 3) + 1);
        foreach (string candidate in known)
        {
            int edits = candidate.StartsWith(name, StringComparison.Ordinal) && name.TrimStart('-').Length >= 3 ? 1 : Edits(name, candidate);
            if (edits < distance) (best, distance) = (candidate, edits);
        }
        return best;
    }

    static int Edits(string a, string b)
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
