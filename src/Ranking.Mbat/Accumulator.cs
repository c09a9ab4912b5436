using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ranking.Mbat;

/// <summary>
/// An exact sum of D fixed-point coordinates: 1 is <see cref="One"/>. It adds in 32 bits and moves to 64 before any
/// coordinate could overflow, so the result depends neither on the order of terms nor on the width of vectors.
/// </summary>
internal sealed class Accumulator(int dimension)
{
    /// <summary>The fixed-point 1: a leaf of weight 1 has coordinates ± this.</summary>
    public const int One = 1 << 12;

    private const long Limit = 1 << 30;
    private readonly int[] _sum = new int[dimension];
    private long[]? _wide;
    private bool _spilled;
    private long _bound;

    /// <summary>The 32-bit sum, made ready for a term whose coordinates are at most <paramref name="largest"/> in size.</summary>
    public Span<int> Room(long largest)
    {
        if (_bound + largest > Limit)
            Spill();
        _bound += largest;
        return _sum;
    }

    public void Clear()
    {
        Array.Clear(_sum);
        _bound = 0;
        if (_spilled)
            Array.Clear(_wide!);
        _spilled = false;
    }

    /// <summary>Adds the sum of <paramref name="part"/>, brought to length <paramref name="weight"/>·√D·<see cref="One"/>; nothing when it is zero.</summary>
    public void AddNormalised(Accumulator part, double weight)
    {
        double square = part.SquaredLength();
        if (square == 0)
            return;
        float scale = (float)(weight * One * Math.Sqrt(dimension) / Math.Sqrt(square));
        Span<int> sum = Room((long)(Math.Abs(weight) * One * Math.Sqrt(dimension)) + 1);
        if (part._spilled)
            AddScaledWide(part, scale, sum);
        else
            AddScaled(part._sum, scale, sum);
    }

    /// <summary>Adds terms rounded to integers, ties to even.</summary>
    public void Add(ReadOnlySpan<float> terms)
    {
        ref float from = ref MemoryMarshal.GetReference(terms);
        Vector256<float> most = default;
        for (nuint i = 0; i < (nuint)terms.Length; i += 8)
            most = Vector256.Max(most, Vector256.Abs(Vector256.LoadUnsafe(ref from, i)));
        float largest = 0;
        for (int lane = 0; lane < 8; lane++)
            largest = Math.Max(largest, most[lane]);
        if (largest >= Limit)
        {
            Spill();
            for (int i = 0; i < terms.Length; i++)
                _wide![i] += (long)Math.Round((double)terms[i]);
            return;
        }
        ref int to = ref MemoryMarshal.GetReference(Room((long)largest + 1));
        for (nuint i = 0; i < (nuint)terms.Length; i += 8)
            (Vector256.LoadUnsafe(ref to, i) + Vector256.ConvertToInt32(Vector256.Round(Vector256.LoadUnsafe(ref from, i)))).StoreUnsafe(ref to, i);
    }

    /// <summary>The sum as floats.</summary>
    public void CopyTo(Span<float> target)
    {
        for (int i = 0; _spilled && i < target.Length; i++)
            target[i] = At(i);
        for (int i = 0; !_spilled && i < target.Length; i += 8)
            Vector256.ConvertToSingle(Vector256.LoadUnsafe(ref _sum[0], (nuint)i)).CopyTo(target[i..]);
    }

    /// <summary>Whether nothing was added since <see cref="Clear"/>.</summary>
    public bool IsZero => _bound == 0 && !_spilled;

    /// <summary>The sum scaled to unit length; zero stays zero.</summary>
    public void ToUnit(Span<float> unit)
    {
        double square = SquaredLength();
        double scale = square == 0 ? 0 : 1 / Math.Sqrt(square);
        if (_spilled || !Avx.IsSupported)
        {
            for (int at = 0; at < unit.Length; at++)
                unit[at] = (float)(At(at) * scale);
            return;
        }
        ref int from = ref MemoryMarshal.GetArrayDataReference(_sum);
        ref float to = ref MemoryMarshal.GetReference(unit);
        nuint i = 0;
        if (Avx512F.IsSupported)
        {
            Vector512<double> wide = Vector512.Create(scale);
            for (; i < (nuint)unit.Length; i += 8)
                Avx512F.ConvertToVector256Single(Avx512F.ConvertToVector512Double(Vector256.LoadUnsafe(ref from, i)) * wide).StoreUnsafe(ref to, i);
        }
        Vector256<double> factor = Vector256.Create(scale);
        for (; i < (nuint)unit.Length; i += 4)
            Avx.ConvertToVector128Single(Avx.ConvertToVector256Double(Vector128.LoadUnsafe(ref from, i)) * factor).StoreUnsafe(ref to, i);
    }

    private long At(int i) => _spilled ? _wide![i] + _sum[i] : _sum[i];

    private double SquaredLength()
    {
        // Exact in 64 bits while D · bound² stays below 2⁶³; beyond that in 128.
        if (!_spilled && (double)_bound * _bound * dimension < 9e18)
            return SumOfSquares(_sum);
        UInt128 square = 0;
        for (int i = 0; i < dimension; i++)
        {
            UInt128 size = (UInt128)Math.Abs(At(i));
            square += size * size;
        }
        return (double)square;
    }

    private static long SumOfSquares(ReadOnlySpan<int> sum)
    {
        ref int first = ref MemoryMarshal.GetReference(sum);
        if (Avx512F.IsSupported)
        {
            Vector512<long> even = default, odd = default;
            for (int i = 0; i < sum.Length; i += 16)
            {
                Vector512<int> x = Vector512.LoadUnsafe(ref first, (nuint)i), shifted = (x.AsInt64() >> 32).AsInt32();
                even += Avx512F.Multiply(x, x);
                odd += Avx512F.Multiply(shifted, shifted);
            }
            return Vector512.Sum(even + odd);
        }
        Vector256<long> low = default, high = default;
        for (int i = 0; i < sum.Length; i += 8)
        {
            (Vector256<long> a, Vector256<long> b) = Vector256.Widen(Vector256.LoadUnsafe(ref first, (nuint)i));
            low += a * a;
            high += b * b;
        }
        return Vector256.Sum(low + high);
    }

    // Each step is one IEEE operation on floats, rounded alike on every processor; Round takes ties to even.
    private static void AddScaled(ReadOnlySpan<int> part, float scale, Span<int> sum)
    {
        ref int from = ref MemoryMarshal.GetReference(part);
        ref int to = ref MemoryMarshal.GetReference(sum);
        Vector256<float> factor = Vector256.Create(scale);
        for (nuint i = 0; i < (nuint)part.Length; i += 8)
        {
            Vector256<float> scaled = Vector256.Round(Vector256.ConvertToSingle(Vector256.LoadUnsafe(ref from, i)) * factor);
            (Vector256.LoadUnsafe(ref to, i) + Vector256.ConvertToInt32(scaled)).StoreUnsafe(ref to, i);
        }
    }

    private static void AddScaledWide(Accumulator part, float scale, Span<int> sum)
    {
        for (int i = 0; i < sum.Length; i++)
            sum[i] += (int)MathF.Round(part.At(i) * scale);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Spill()
    {
        _wide ??= new long[dimension];
        for (int i = 0; i < dimension; i++)
        {
            _wide[i] += _sum[i];
            _sum[i] = 0;
        }
        _spilled = true;
        _bound = 0;
    }
}
