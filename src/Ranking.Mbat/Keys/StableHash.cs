using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ranking.Mbat;

/// <summary>
/// The hash that every random choice comes from: the same 64 bits in every process, machine and version.
/// It folds 128-bit products, as wyhash does; it is no defence against someone who looks for collisions.
/// </summary>
internal static class StableHash
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private const ulong First = 0xA0761D6478BD642F;
    private const ulong Second = 0xE7037ED1A0B428DB;

    /// <summary>A bijection of 64 bits that spreads every bit (the finaliser of splitmix64).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>Hash of a pair in which order matters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Pair(ulong a, ulong b) => Mix(a * Golden + Mix(b + Second));

    /// <summary>The i-th 64 bits of the stream that starts at <paramref name="hash"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Stream(ulong hash, int i) => Mix(hash + (ulong)(i + 1) * Golden);

    /// <summary>Eight of <see cref="Stream"/> from i on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Stream8(ulong hash, int i)
    {
        Vector512<ulong> x = Vector512.Create(hash + (ulong)i * Golden)
            + Vector512.Create(Golden, unchecked(2 * Golden), unchecked(3 * Golden), unchecked(4 * Golden), unchecked(5 * Golden),
                unchecked(6 * Golden), unchecked(7 * Golden), unchecked(8 * Golden));
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong hash = seed ^ ((ulong)bytes.Length * Golden);
        if (bytes.Length > 64)
            hash = Long(ref bytes, hash);
        while (bytes.Length > 16)
        {
            hash = Fold(BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ First ^ hash,
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ Second ^ ulong.RotateLeft(hash, 32));
            bytes = bytes[16..];
        }
        ulong a, b;
        if (bytes.Length >= 8)
        {
            a = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            b = BinaryPrimitives.ReadUInt64LittleEndian(bytes[^8..]);
        }
        else if (bytes.Length >= 4)
        {
            a = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]);
        }
        else
        {
            // Three bytes at most, each counted once: first, middle, last.
            a = bytes.Length == 0 ? 0 : bytes[0] | (ulong)bytes[bytes.Length / 2] << 8 | (ulong)bytes[^1] << 16;
            b = 0;
        }
        return Mix(Fold(a ^ First ^ hash, b ^ Second ^ ulong.RotateLeft(hash, 32)) ^ hash);
    }

    // Four chains of products at once, 16 bytes each, since one waits for its multiplications.
    private static ulong Long(ref ReadOnlySpan<byte> bytes, ulong hash)
    {
        ulong a = hash, b = hash ^ First, c = hash ^ Second, d = ulong.RotateLeft(hash, 32);
        ref byte from = ref MemoryMarshal.GetReference(bytes);
        int length = bytes.Length, at = 0;
        for (; length - at > 64; at += 64)
        {
            ref byte part = ref Unsafe.Add(ref from, at);
            a = Fold(Word(ref part, 0) ^ First ^ a, Word(ref part, 8) ^ Second ^ ulong.RotateLeft(a, 32));
            b = Fold(Word(ref part, 16) ^ First ^ b, Word(ref part, 24) ^ Second ^ ulong.RotateLeft(b, 32));
            c = Fold(Word(ref part, 32) ^ First ^ c, Word(ref part, 40) ^ Second ^ ulong.RotateLeft(c, 32));
            d = Fold(Word(ref part, 48) ^ First ^ d, Word(ref part, 56) ^ Second ^ ulong.RotateLeft(d, 32));
        }
        bytes = bytes[at..];
        return Mix(Mix(a) + 3 * Mix(b) + 5 * Mix(c) + 7 * Mix(d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte from, int at)
    {
        ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref from, at));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
