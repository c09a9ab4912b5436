using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ranking.Mbat;

/// <summary>
/// A uniformly random orthogonal matrix: rows of independent Gaussians, made orthonormal one after another (Gram and
/// Schmidt, twice each), which is the Q of a QR decomposition whose R has a positive diagonal. D² floats; O(D³) to make.
/// All in float64 with sums in a fixed order, and a logarithm of our own, so that every machine makes the same matrix.
/// </summary>
internal sealed class HaarMatrix : KeyMatrix
{
    private readonly int _dimension;
    private readonly float[] _rows;

    public HaarMatrix(int dimension, ulong key)
    {
        _dimension = dimension;
        double[] rows = Gaussians(dimension * dimension, key);
        for (int i = 0; i < dimension; i++)
        {
            Span<double> row = rows.AsSpan(i * dimension, dimension);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    ReadOnlySpan<double> earlier = rows.AsSpan(j * dimension, dimension);
                    AddScaled(row, earlier, -Dot(row, earlier));
                }
            }
            double length = Math.Sqrt(Dot(row, row));
            for (int j = 0; j < dimension; j++)
                row[j] /= length;
        }
        _rows = Array.ConvertAll(rows, x => (float)x);
    }

    public override void Apply(ReadOnlySpan<float> source, Span<float> target)
    {
        for (int i = 0; i < _dimension; i++)
            target[i] = (float)Dot(_rows.AsSpan(i * _dimension, _dimension), source);
    }

    public override void ApplyTransposed(ReadOnlySpan<float> source, Span<float> target)
    {
        double[] sum = new double[_dimension];
        for (int i = 0; i < _dimension; i++)
        {
            for (int j = 0; j < _dimension; j++)
                sum[j] += (double)_rows[i * _dimension + j] * source[i];
        }
        for (int j = 0; j < _dimension; j++)
            target[j] = (float)sum[j];
    }

    // Eight partial sums, whatever the width of the processor's vectors.
    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Vector256<double> even = default, odd = default;
        ref double x = ref MemoryMarshal.GetReference(a), y = ref MemoryMarshal.GetReference(b);
        for (nuint i = 0; i < (nuint)a.Length; i += 8)
        {
            even += Vector256.LoadUnsafe(ref x, i) * Vector256.LoadUnsafe(ref y, i);
            odd += Vector256.LoadUnsafe(ref x, i + 4) * Vector256.LoadUnsafe(ref y, i + 4);
        }
        return InOrder(even + odd);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Vector256<double> even = default, odd = default;
        ref float x = ref MemoryMarshal.GetReference(a), y = ref MemoryMarshal.GetReference(b);
        for (nuint i = 0; i < (nuint)a.Length; i += 8)
        {
            (Vector256<double> xl, Vector256<double> xh) = Vector256.Widen(Vector256.LoadUnsafe(ref x, i));
            (Vector256<double> yl, Vector256<double> yh) = Vector256.Widen(Vector256.LoadUnsafe(ref y, i));
            even += xl * yl;
            odd += xh * yh;
        }
        return InOrder(even + odd);
    }

    private static double InOrder(Vector256<double> sum) => sum[0] + sum[1] + sum[2] + sum[3];

    private static void AddScaled(Span<double> target, ReadOnlySpan<double> source, double scale)
    {
        Vector256<double> factor = Vector256.Create(scale);
        ref double x = ref MemoryMarshal.GetReference(source), y = ref MemoryMarshal.GetReference(target);
        for (nuint i = 0; i < (nuint)target.Length; i += 4)
            (Vector256.LoadUnsafe(ref y, i) + Vector256.LoadUnsafe(ref x, i) * factor).StoreUnsafe(ref y, i);
    }

    // Marsaglia's polar method.
    private static double[] Gaussians(int count, ulong key)
    {
        double[] values = new double[count];
        int draw = 0;
        for (int i = 0; i < count; i += 2)
        {
            double u, v, s;
            do
            {
                u = Uniform(StableHash.Stream(key, draw++));
                v = Uniform(StableHash.Stream(key, draw++));
                s = u * u + v * v;
            }
            while (s >= 1 || s == 0);
            double factor = Math.Sqrt(-2 * Logarithm(s) / s);
            (values[i], values[i + 1]) = (u * factor, v * factor);
        }
        return values;
    }

    private static double Uniform(ulong random) => (long)random * (1.0 / 9223372036854775808.0);

    // ln x for 0 < x < 1: x = m · 2^e with m in [½, 1), and ln m = 2 artanh((m − 1)/(m + 1)). Math.Log is the platform's.
    internal static double Logarithm(double x)
    {
        int exponent = Math.ILogB(x) + 1;
        double m = Math.ScaleB(x, -exponent);
        double t = (m - 1) / (m + 1), square = t * t, power = t, sum = 0;
        for (int k = 1; k < 40; k += 2)
        {
            sum += power / k;
            power *= square;
        }
        return 2 * sum + exponent * 0.693147180559945309;
    }
}
