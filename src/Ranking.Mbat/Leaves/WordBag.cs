using System.Numerics;

namespace Ranking.Mbat;

/// <summary>
/// Adds many vectors of plus and minus ones before they are permuted, as D counters held bit by bit: a word costs a few
/// operations on D/64 machine words, and n words cost log₂ n permuted sums.
/// </summary>
internal sealed class WordBag(int dimension)
{
    private const int Planes = 24;
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
            ulong any = 0;
            for (int i = 0; i < counter.Length; i++)
            {
                ulong both = counter[i] & _carry[i];
                counter[i] ^= _carry[i];
                _carry[i] = both;
                any |= both;
            }
            if (any == 0)
                break;
        }
    }

    /// <summary>How many planes hold bits: the sum is Σ_p 2^p · plane_p, as ones, plus <see cref="Rest"/> times the vector of ones.</summary>
    public int PlaneCount => _count == 0 ? 0 : BitOperations.Log2((uint)_count) + 1;

    /// <summary>What the planes, read as plus and minus ones, lack: n − (2^planes − 1).</summary>
    public int Rest => _count - ((1 << PlaneCount) - 1);

    public ReadOnlySpan<ulong> Plane(int plane) => _planes.AsSpan(plane * _carry.Length, _carry.Length);
}
