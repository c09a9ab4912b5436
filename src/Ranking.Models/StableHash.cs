using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ranking.Models;

/// <summary>
/// A 64-bit hash whose values are part of the stored formats: the same bytes and seed give the same value on every machine and
/// in every version, which <see cref="HashCode"/> does not promise. Not for secrets.
/// </summary>
public static class StableHash
{
    const ulong First = 0x9E3779B97F4A7C15, Second = 0xD6E8FEB86659FD93;

    /// <summary>The hash of some bytes.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed = 0)
    {
        ulong hash = seed ^ ((ulong)bytes.Length * First);
        while (bytes.Length >= 8)
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), First);
            bytes = bytes[8..];
        }
        ulong rest = 0;
        for (int i = 0; i < bytes.Length; i++) rest |= (ulong)bytes[i] << (8 * i);
        return Mix(Fold(hash ^ rest, Second) ^ seed);
    }

    /// <summary>The hash of a name: of its UTF-16 characters, which are the same everywhere.</summary>
    public static ulong Of(string name, ulong seed = 0) => Of(MemoryMarshal.AsBytes(name.AsSpan()), seed);

    /// <summary>A bijection of 64 bits that spreads every input bit over all output bits (SplitMix64's finaliser).</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    static ulong Fold(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
