using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ranking.Mbat;

/// <summary>
/// The hot loop: sum += weight · Q x for a leaf x of plus and minus ones that is held as D bits. No coordinate is
/// gathered: a block's 16 bits are spread over all lanes and each lane shifts out the one that Q sends to it.
/// </summary>
internal static class PermutedSum
{
    /// <summary>
    /// Widens bits to what the loop reads, one uint a block: element j in bit 31 − j and its opposite in bit 15 − j, so
    /// that a shift to the left by a lane's byte (source lane, plus 16 where the sign turns) puts its sign on top.
    /// </summary>
    /// <param name="bits">Block b's bits in the b-th 16 of the little-endian words; 1 is −1.</param>
    /// <param name="wide">One a block.</param>
    public static void Widen(ReadOnlySpan<ulong> bits, Span<uint> wide)
    {
        ReadOnlySpan<ushort> blocks = MemoryMarshal.Cast<ulong, ushort>(bits);
        int b = 0;
        for (; b + 16 <= wide.Length; b += 16)
        {
            Vector256<ushort> words = Vector256.Create(blocks.Slice(b, 16));
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(words);
            (low << 16 | (low ^ Vector256.Create(0xFFFFu))).CopyTo(wide[b..]);
            (high << 16 | (high ^ Vector256.Create(0xFFFFu))).CopyTo(wide[(b + 8)..]);
        }
        for (; b < wide.Length; b++)
            wide[b] = (uint)blocks[b] << 16 | (blocks[b] ^ 0xFFFFu);
    }

    public static void Add(BlockPermutation permutation, ReadOnlySpan<uint> wide, int weight, Span<int> sum)
    {
        ReadOnlySpan<ushort> blocks = permutation.Blocks;
        if (wide.Length != blocks.Length || sum.Length != 16 * blocks.Length)
            throw new ArgumentException("leaf, permutation and sum differ in dimension");
        ref uint leaf = ref MemoryMarshal.GetReference(wide);
        ref byte lanes = ref MemoryMarshal.GetArrayDataReference(permutation.Lanes);
        ref int target = ref MemoryMarshal.GetReference(sum);
        if (Avx512F.IsSupported)
            Add512(blocks, ref leaf, ref lanes, weight, ref target);
        else if (Avx2.IsSupported)
            Add256(blocks, ref leaf, ref lanes, weight, ref target);
        else
            AddScalar(blocks, ref leaf, ref lanes, weight, ref target);
    }

    private static void Add512(ReadOnlySpan<ushort> blocks, ref uint leaf, ref byte lanes, int weight, ref int sum)
    {
        Vector512<int> plus = Vector512.Create(weight), minus = Vector512.Create(-weight);
        for (int b = 0; b < blocks.Length; b++)
        {
            Vector512<uint> shifts = Avx512F.ConvertToVector512UInt32(Vector128.LoadUnsafe(ref lanes, (nuint)(16 * b)));
            Vector512<int> bits = Avx512F.ShiftLeftLogicalVariable(Vector512.Create(Unsafe.Add(ref leaf, (int)blocks[b])), shifts).AsInt32();
            Vector512<int> value = Vector512.ConditionalSelect(Vector512.LessThan(bits, Vector512<int>.Zero), minus, plus);
            (Vector512.LoadUnsafe(ref sum, (nuint)(16 * b)) + value).StoreUnsafe(ref sum, (nuint)(16 * b));
        }
    }

    private static void Add256(ReadOnlySpan<ushort> blocks, ref uint leaf, ref byte lanes, int weight, ref int sum)
    {
        Vector256<int> plus = Vector256.Create(weight);
        for (int b = 0; b < blocks.Length; b++)
        {
            Vector256<uint> word = Vector256.Create(Unsafe.Add(ref leaf, (int)blocks[b]));
            for (nuint at = (nuint)(16 * b); at < (nuint)(16 * b + 16); at += 8)
            {
                Vector256<int> shifts = Avx2.ConvertToVector256Int32(Vector128.CreateScalar(Unsafe.As<byte, ulong>(ref Unsafe.Add(ref lanes, at))).AsByte());
                Vector256<int> minus = Avx2.ShiftLeftLogicalVariable(word, shifts.AsUInt32()).AsInt32() >> 31;
                (Vector256.LoadUnsafe(ref sum, at) + ((plus ^ minus) - minus)).StoreUnsafe(ref sum, at);
            }
        }
    }

    private static void AddScalar(ReadOnlySpan<ushort> blocks, ref uint leaf, ref byte lanes, int weight, ref int sum)
    {
        for (int i = 0; i < 16 * blocks.Length; i++)
        {
            int minus = (int)(Unsafe.Add(ref leaf, (int)blocks[i >> 4]) << Unsafe.Add(ref lanes, i)) >> 31;
            Unsafe.Add(ref sum, i) += (weight ^ minus) - minus;
        }
    }

    /// <summary>
    /// sum += weight · Q c for the sum c = n − 2 Σ_p 2^p plane_p of a bag's n vectors. A lane whose sign turns reads the
    /// opposite of each bit, so its sum is −n + 2 (2^planes − 1) − 2 Σ_p 2^p bit_p.
    /// </summary>
    public static void Add(BlockPermutation permutation, WordBag bag, Span<uint> wide, int weight, Span<int> sum)
    {
        ReadOnlySpan<ushort> blocks = permutation.Blocks;
        int planes = bag.PlaneCount, plus = weight * bag.Count, minus = weight * (2 * ((1 << planes) - 1) - bag.Count);
        for (int p = 0; p < planes; p++)
            Widen(bag.Plane(p), wide.Slice(p * blocks.Length, blocks.Length));
        if (sum.Length != 16 * blocks.Length || wide.Length < planes * blocks.Length)
            throw new ArgumentException("bag, permutation and sum differ in dimension");
        ref uint bits = ref MemoryMarshal.GetReference(wide);
        ref byte lanes = ref MemoryMarshal.GetArrayDataReference(permutation.Lanes);
        ref int target = ref MemoryMarshal.GetReference(sum);
        if (Avx512F.IsSupported)
            AddBag512(blocks, planes, ref bits, ref lanes, weight, plus, minus, ref target);
        else
            AddBagScalar(blocks, planes, ref bits, ref lanes, weight, plus, minus, ref target);
    }

    private static void AddBag512(
        ReadOnlySpan<ushort> blocks, int planes, ref uint wide, ref byte lanes, int weight, int plus, int minus, ref int sum)
    {
        Vector512<int> upright = Vector512.Create(plus), turned = Vector512.Create(minus);
        for (int b = 0; b < blocks.Length; b++)
        {
            Vector512<uint> shifts = Avx512F.ConvertToVector512UInt32(Vector128.LoadUnsafe(ref lanes, (nuint)(16 * b)));
            Vector512<int> value = Vector512.ConditionalSelect(Vector512.LessThan((shifts << 27).AsInt32(), Vector512<int>.Zero), turned, upright);
            ref uint word = ref Unsafe.Add(ref wide, (int)blocks[b]);
            int step = 2 * weight;
            for (int p = 0; p < planes; p++)
            {
                Vector512<int> bits = Avx512F.ShiftLeftLogicalVariable(Vector512.Create(word), shifts).AsInt32();
                value -= (bits >> 31) & Vector512.Create(step);
                word = ref Unsafe.Add(ref word, blocks.Length);
                step *= 2;
            }
            (Vector512.LoadUnsafe(ref sum, (nuint)(16 * b)) + value).StoreUnsafe(ref sum, (nuint)(16 * b));
        }
    }

    private static void AddBagScalar(
        ReadOnlySpan<ushort> blocks, int planes, ref uint wide, ref byte lanes, int weight, int plus, int minus, ref int sum)
    {
        for (int i = 0; i < 16 * blocks.Length; i++)
        {
            byte lane = Unsafe.Add(ref lanes, i);
            int value = (lane & BlockPermutation.SignBit) == 0 ? plus : minus;
            for (int p = 0; p < planes; p++)
            {
                uint word = Unsafe.Add(ref wide, p * blocks.Length + blocks[i >> 4]);
                value -= ((int)(word << lane) >> 31) & (weight << (p + 1));
            }
            Unsafe.Add(ref sum, i) += value;
        }
    }
}
