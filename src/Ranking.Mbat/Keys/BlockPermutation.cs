using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ranking.Mbat;

/// <summary>
/// A signed permutation of D coordinates that moves whole blocks of 16 and shuffles and signs within each:
/// (Q x)[16 b + j] = ± x[16 · Blocks[b] + lane]. Exactly orthogonal, not commutative, closed under composition.
/// </summary>
internal sealed class BlockPermutation
{
    /// <summary>Bits 0 to 3 of a lane's byte say where the value comes from, this bit turns its sign.</summary>
    public const byte SignBit = 16;

    public BlockPermutation(int dimension)
    {
        Blocks = new ushort[dimension / 16];
        Lanes = new byte[dimension];
        for (int b = 0; b < Blocks.Length; b++)
            Blocks[b] = (ushort)b;
        for (int i = 0; i < Lanes.Length; i++)
            Lanes[i] = (byte)(i & 15);
    }

    /// <summary>Source block of each block, D/16.</summary>
    public ushort[] Blocks { get; }

    /// <summary>Source lane and sign of each coordinate, D.</summary>
    public byte[] Lanes { get; }

    public int Dimension => Lanes.Length;

    /// <summary>Becomes the permutation of a key.</summary>
    public void Draw(ulong keyHash, ShuffleBank bank)
    {
        ushort[] blocks = Blocks;
        for (int b = 0; b < blocks.Length; b++)
            blocks[b] = (ushort)b;
        int draw = 0;
        for (int b = blocks.Length - 1; b > 0; b--)
        {
            int other = (int)Math.BigMul(StableHash.Stream(keyHash, draw++), (ulong)(b + 1), out _);
            (blocks[b], blocks[other]) = (blocks[other], blocks[b]);
        }
        Vector128<byte> laneBits = Vector128.Create(1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128).AsByte();
        for (int b = 0; b < blocks.Length; b++)
        {
            ulong random = StableHash.Stream(keyHash, draw++);
            Vector128<byte> signs = Vector128.Create(Vector64.Create((byte)(random >> 48)), Vector64.Create((byte)(random >> 56)));
            Vector128<byte> turned = Vector128.Equals(signs & laneBits, laneBits) & Vector128.Create(SignBit);
            (Vector128.Create(bank[random]) | turned).CopyTo(Lanes.AsSpan(16 * b));
        }
    }

    /// <summary>Becomes outer ∘ inner: what a value under <paramref name="inner"/>'s key goes through on its way out.</summary>
    /// <remarks><paramref name="outer"/> may be this permutation itself.</remarks>
    public void Compose(BlockPermutation outer, BlockPermutation inner)
    {
        for (int b = 0; b < Blocks.Length; b++)
        {
            int middle = outer.Blocks[b];
            Vector128<byte> way = Vector128.Create<byte>(outer.Lanes.AsSpan(16 * b, 16));
            Vector128<byte> first = Vector128.Create<byte>(inner.Lanes.AsSpan(16 * middle, 16));
            Vector128<byte> both = Vector128.Shuffle(first, way & Vector128.Create((byte)15)) ^ (way & Vector128.Create(SignBit));
            both.CopyTo(Lanes.AsSpan(16 * b, 16));
            Blocks[b] = inner.Blocks[middle];
        }
    }

    /// <summary>target = Q source.</summary>
    public void Apply(ReadOnlySpan<int> source, Span<int> target)
    {
        for (int i = 0; i < Lanes.Length; i++)
        {
            int value = source[16 * Blocks[i >> 4] + (Lanes[i] & 15)];
            target[i] = (Lanes[i] & SignBit) == 0 ? value : -value;
        }
    }

    /// <summary>target = Q source.</summary>
    public void Apply(ReadOnlySpan<float> source, Span<float> target)
    {
        if (source.Length != Dimension || target.Length != Dimension)
            throw new ArgumentException("vectors and permutation differ in dimension");
        if (Avx512F.IsSupported)
        {
            ref float from = ref MemoryMarshal.GetReference(source);
            ref float to = ref MemoryMarshal.GetReference(target);
            for (int b = 0; b < Blocks.Length; b++)
            {
                Vector512<int> lanes = Avx512F.ConvertToVector512Int32(Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(Lanes), (nuint)(16 * b)));
                Vector512<float> block = Vector512.LoadUnsafe(ref from, (nuint)(16 * Blocks[b]));
                // Only bits 0 to 3 of an index count; the sign's bit 4 moves on to bit 31.
                Vector512<float> moved = Avx512F.PermuteVar16x32(block, lanes);
                (moved.AsInt32() ^ ((lanes << 27) & Vector512.Create(int.MinValue))).AsSingle().StoreUnsafe(ref to, (nuint)(16 * b));
            }
            return;
        }
        for (int i = 0; i < Lanes.Length; i++)
        {
            float value = source[16 * Blocks[i >> 4] + (Lanes[i] & 15)];
            target[i] = (Lanes[i] & SignBit) == 0 ? value : -value;
        }
    }

    /// <summary>target = Qᵀ source, which undoes Q.</summary>
    public void ApplyTransposed(ReadOnlySpan<float> source, Span<float> target)
    {
        for (int i = 0; i < Lanes.Length; i++)
        {
            float value = source[i];
            target[16 * Blocks[i >> 4] + (Lanes[i] & 15)] = (Lanes[i] & SignBit) == 0 ? value : -value;
        }
    }
}
