using System.Runtime.Intrinsics;

namespace Ranking.Mbat;

/// <summary>Random vectors of plus and minus ones held as D bits in ⌈D/64⌉ words: 1 is −1.</summary>
internal static class Bits
{
    public static int Words(int dimension) => (dimension + 63) / 64;

    /// <summary>Fills in the vector that a hash stands for.</summary>
    public static void Draw(ulong hash, Span<ulong> bits)
    {
        int i = 0;
        for (; Vector512.IsHardwareAccelerated && i + 8 <= bits.Length; i += 8)
            StableHash.Stream8(hash, i).CopyTo(bits[i..]);
        for (; i < bits.Length; i++)
            bits[i] = StableHash.Stream(hash, i);
    }
}
