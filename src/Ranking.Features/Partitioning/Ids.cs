using System.Text;

namespace Ranking.Features.Partitioning;

/// <summary>Ids of users, items and requests: UTF-8 of 1 to 512 bytes, compared bytewise, never normalised.</summary>
public static class Ids
{
    /// <summary>The most bytes an id may have.</summary>
    public const int MaxBytes = 512;

    /// <summary>Whether <paramref name="id"/> is well-formed text of 1 to 512 UTF-8 bytes.</summary>
    public static bool IsValid(string? id)
    {
        if (string.IsNullOrEmpty(id) || id.Length > MaxBytes) return false;
        for (int i = 0; i < id.Length; i++)
        {
            if (!char.IsSurrogate(id[i])) continue;
            if (i + 1 == id.Length || !char.IsSurrogatePair(id[i], id[i + 1])) return false; // a lone surrogate has no UTF-8
            i++;
        }
        return Encoding.UTF8.GetByteCount(id) <= MaxBytes;
    }

    /// <summary>The order of the ids' UTF-8 bytes (UTF-16 order differs for characters beyond U+FFFF).</summary>
    public static int Compare(string? a, string? b)
    {
        if (ReferenceEquals(a, b)) return 0;
        if (a is null) return -1;
        if (b is null) return 1;
        int i = 0, n = Math.Min(a.Length, b.Length);
        while (i < n && a[i] == b[i]) i++;
        if (i == n) return a.Length.CompareTo(b.Length);
        char x = a[i], y = b[i];
        // In UTF-8 every supplementary character sorts after every other one; in UTF-16 surrogates sort before U+E000.
        bool high = char.IsSurrogate(x);
        return high == char.IsSurrogate(y) ? x.CompareTo(y) : high ? 1 : -1;
    }
}
