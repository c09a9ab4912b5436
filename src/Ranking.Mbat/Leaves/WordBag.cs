using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ranking.Mbat;

/// <summary>
/// Adds many vectors of plus and minus ones before they are permuted, as D counters held bit by bit: a word costs a few
/// operations on D/64 machine words, and n words cost log₂ n permuted sums.
/// </summary>
internal sealed class WordBag(int dimension)
{
    /// <summary>Most binary digits of a counter.</summary>
    public const int Planes = 24;
    private readonly ulong[] _planes = new ulong[Planes * Bits.Words(dimension)];
    private readonly ulong[] _carry = new ulong[Bits.Words(dimension)];
    private int _count;

    public int Count => _count;

    /// <summary>Most vectors that it holds.</summary>
    public const int Capacity = (1 << Planes) - 1;

    public void Clear()
    {
        _planes.AsSpan(0, PlaneCount * _carry.Length).Clear();
        _count = 0;
    }

    public void Add(ulong hash)
    {
        Bits.Draw(hash, _carry);
        int planes = BitOperations.Log2((uint)++_count) + 1;
        for (int plane = 0; plane < planes; plane++)
        {
            Span<ulong> counter = _planes.AsSpan(plane * _carry.Length, _carry.Length);
            ulong any = CarryInto(counter);
            if (any == 0)
                break;
        }
    }

    // Adds the carry to one binary digit of all counters; what overflows is the next carry.
    private ulong CarryInto(Span<ulong> counter)
    {
        Vector256<ulong> any = default;
        ref ulong digit = ref MemoryMarshal.GetReference(counter);
        ref ulong carry = ref MemoryMarshal.GetArrayDataReference(_carry);
        nuint i = 0;
        for (; i + 4 <= (nuint)counter.Length; i += 4)
        {
            Vector256<ulong> old = Vector256.LoadUnsafe(ref digit, i), plus = Vector256.LoadUnsafe(ref carry, i), both = old & plus;
            (old ^ plus).StoreUnsafe(ref digit, i);
            both.StoreUnsafe(ref carry, i);
            any |= both;
        }
        ulong rest = 0;
        for (; i < (nuint)counter.Length; i++)
        {
            ulong both = counter[(int)i] & _carry[i];
            counter[(int)i] ^= _carry[i];
            _carry[i] = both;
            rest |= both;
        }
        return any == default ? rest : 1;
    }

    /// <summary>How many binary digits the counters have.</summary>
    public int PlaneCount => _count == 0 ? 0 : BitOperations.Log2((uint)_count) + 1;

    /// <summary>One binary digit of all counters, which count the −1 of each coordinate: the sum is n − 2 Σ_p 2^p plane_p.</summary>
    public ReadOnlySpan<ulong> Plane(int plane) => _planes.AsSpan(plane * _carry.Length, _carry.Length);
}
