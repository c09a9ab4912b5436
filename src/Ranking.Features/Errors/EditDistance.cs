namespace Ranking.Features.Errors;

/// <summary>How far a misspelt name lies from a known one; who asks decides what is near.</summary>
public static class EditDistance
{
    /// <summary>The longest name that is worth comparing: no known one is longer, and the cost is the product of the lengths.</summary>
    public const int LongestName = 64;

    /// <summary>Edits between two texts: insert, delete, replace, or swap of neighbours (optimal string alignment).</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    /// <param name="ignoreCase">Whether letters that differ in case alone are the same.</param>
    public static int Between(string a, string b, bool ignoreCase = false)
    {
        if (ignoreCase) (a, b) = (a.ToUpperInvariant(), b.ToUpperInvariant());
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
