using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ranking.Mbat;

/// <summary>
/// The orthonormal Walsh–Hadamard transform of each group of n coordinates, n the largest power of two that divides D:
/// its own inverse. Sums of pairs only, each rounded alike everywhere.
/// </summary>
internal static class Hadamard
{
    public static void Transform(Span<float> x)
    {
        int n = x.Length & -x.Length;
        float scale = (float)(1 / Math.Sqrt(n));
        for (int group = 0; group < x.Length; group += n)
            Group(ref MemoryMarshal.GetReference(x[group..]), n, scale);
    }

    private static void Group(ref float x, int n, float scale)
    {
        Blocks(ref x, n, scale);
        int h = 16;
        for (; 2 * h < n; h *= 4)
            TwoStages(ref x, n, h);
        if (h < n)
            OneStage(ref x, n, h);
    }

    // Stages 1, 2, 4, 8: within 16 coordinates, in registers.
    private static void Blocks(ref float x, int n, float scale)
    {
        Vector256<float> factor = Vector256.Create(scale);
        Vector256<float> one = Vector256.Create(1f, -1, 1, -1, 1, -1, 1, -1);
        Vector256<float> two = Vector256.Create(1f, 1, -1, -1, 1, 1, -1, -1);
        Vector256<float> four = Vector256.Create(1f, 1, 1, 1, -1, -1, -1, -1);
        for (nuint i = 0; i < (nuint)n; i += 16)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref x, i) * factor, b = Vector256.LoadUnsafe(ref x, i + 8) * factor;
            a = a * one + Vector256.Shuffle(a, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            b = b * one + Vector256.Shuffle(b, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            a = a * two + Vector256.Shuffle(a, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5));
            b = b * two + Vector256.Shuffle(b, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5));
            a = a * four + Vector256.Shuffle(a, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3));
            b = b * four + Vector256.Shuffle(b, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3));
            (a + b).StoreUnsafe(ref x, i);
            (a - b).StoreUnsafe(ref x, i + 8);
        }
    }

    private static void TwoStages(ref float x, int n, int h)
    {
        for (int start = 0; start < n; start += 4 * h)
        {
            for (int i = start; i < start + h; i += 8)
            {
                nuint p = (nuint)i, q = (nuint)(i + h), r = (nuint)(i + 2 * h), s = (nuint)(i + 3 * h);
                Vector256<float> a = Vector256.LoadUnsafe(ref x, p), b = Vector256.LoadUnsafe(ref x, q);
                Vector256<float> c = Vector256.LoadUnsafe(ref x, r), d = Vector256.LoadUnsafe(ref x, s);
                (a, b, c, d) = (a + b, a - b, c + d, c - d);
                (a + c).StoreUnsafe(ref x, p);
                (b + d).StoreUnsafe(ref x, q);
                (a - c).StoreUnsafe(ref x, r);
                (b - d).StoreUnsafe(ref x, s);
            }
        }
    }

    private static void OneStage(ref float x, int n, int h)
    {
        for (int start = 0; start < n; start += 2 * h)
        {
            for (int i = start; i < start + h; i += 8)
            {
                Vector256<float> a = Vector256.LoadUnsafe(ref x, (nuint)i), b = Vector256.LoadUnsafe(ref x, (nuint)(i + h));
                (a + b).StoreUnsafe(ref x, (nuint)i);
                (a - b).StoreUnsafe(ref x, (nuint)(i + h));
            }
        }
    }
}
