using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ranking.Models.Scoring;

/// <summary>The few loops that scoring spends its time in; one thread, no allocation. Matrices are row-major.</summary>
static class Kernels
{
    /// <summary>C[m, n] = A[m, k] · B[k, n], plus a row vector where given. Rows of A and C may lie further apart than they are long.</summary>
    public static unsafe void Multiply(
        ReadOnlySpan<float> a, int strideA, ReadOnlySpan<float> b, Span<float> c, int strideC, int m, int k, int n, ReadOnlySpan<float> bias = default)
    {
        if (a.Length < (m - 1) * strideA + k || b.Length < k * n || c.Length < (m - 1) * strideC + n || (bias.Length != 0 && bias.Length < n))
            throw new ArgumentException("a matrix is shorter than its shape");
        fixed (float* pa = a, pb = b, pc = c, pbias = bias)
        {
            // The last tile of rows and of columns is moved back to fit: what it computes again comes out the same.
            for (int j = 0; n >= 16 && j < n; j += 16)
            {
                int column = Math.Min(j, n - 16);
                float* own = pbias is null ? null : pbias + column;
                if (m < 4)
                    for (int i = 0; i < m; i++) Tile1x16(pa + i * strideA, pb + column, n, pc + i * strideC + column, k, own);
                for (int i = 0; m >= 4 && i < m; i += 4)
                {
                    int row = Math.Min(i, m - 4);
                    Tile4x16(pa + row * strideA, strideA, pb + column, n, pc + row * strideC + column, strideC, k, own);
                }
            }
            for (int j = 0; n < 16 && j < n; j++)
            {
                for (int i = 0; i < m; i++)
                {
                    float sum = pbias is null ? 0 : pbias[j];
                    for (int l = 0; l < k; l++) sum += pa[i * strideA + l] * pb[l * n + j];
                    pc[i * strideC + j] = sum;
                }
            }
        }
    }

    /// <summary>Copies rows of some width between matrices whose rows lie further apart.</summary>
    public static void CopyRows(ReadOnlySpan<float> from, int strideFrom, Span<float> to, int strideTo, int rows, int width)
    {
        if (from.Length < (rows - 1) * strideFrom + width || to.Length < (rows - 1) * strideTo + width) throw new ArgumentException("a matrix is shorter than its shape");
        if (width % 8 != 0)
        {
            for (int b = 0; b < rows; b++) from.Slice(b * strideFrom, width).CopyTo(to[(b * strideTo)..]);
            return;
        }
        ref float f = ref MemoryMarshal.GetReference(from), t = ref MemoryMarshal.GetReference(to);
        for (int b = 0; b < rows; b++)
            for (int i = 0; i < width; i += 8) Vector256.LoadUnsafe(ref f, (nuint)(b * strideFrom + i)).StoreUnsafe(ref t, (nuint)(b * strideTo + i));
    }

    /// <summary>gate = SiLU(gate) ⊙ up.</summary>
    public static void SwiGlu(Span<float> gate, ReadOnlySpan<float> up)
    {
        ref float g = ref MemoryMarshal.GetReference(gate), u = ref MemoryMarshal.GetReference(up);
        int i = 0;
        for (; i + 8 <= gate.Length; i += 8)
        {
            Vector256<float> x = Vector256.LoadUnsafe(ref g, (nuint)i);
            (x / (Vector256<float>.One + Exp(-x)) * Vector256.LoadUnsafe(ref u, (nuint)i)).StoreUnsafe(ref g, (nuint)i);
        }
        for (; i < gate.Length; i++) gate[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }

    /// <summary>SiLU in place.</summary>
    public static void Silu(Span<float> x)
    {
        foreach (ref float v in x) v /= 1 + MathF.Exp(-v);
    }

    /// <summary>y = x / √(mean(x²) + ε) ⊙ γ.</summary>
    public static void RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, float epsilon, Span<float> y)
    {
        ref float from = ref MemoryMarshal.GetReference(x), factor = ref MemoryMarshal.GetReference(gamma), to = ref MemoryMarshal.GetReference(y);
        if (gamma.Length < x.Length || y.Length < x.Length) throw new ArgumentException("a vector is shorter than the one to normalise");
        Vector256<float> squares = default, more = default;
        int i = 0;
        for (; i + 16 <= x.Length; i += 16)
        {
            Vector256<float> a = Vector256.LoadUnsafe(ref from, (nuint)i), b = Vector256.LoadUnsafe(ref from, (nuint)i + 8);
            squares = Vector256.FusedMultiplyAdd(a, a, squares);
            more = Vector256.FusedMultiplyAdd(b, b, more);
        }
        float sum = Vector256.Sum(squares + more);
        for (int j = i; j < x.Length; j++) sum += x[j] * x[j];
        float scale = 1 / MathF.Sqrt(sum / x.Length + epsilon);
        i = 0;
        for (; i + 8 <= x.Length; i += 8)
            (Vector256.LoadUnsafe(ref from, (nuint)i) * scale * Vector256.LoadUnsafe(ref factor, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        for (; i < x.Length; i++) y[i] = x[i] * scale * gamma[i];
    }

    /// <summary>e^x to 2 units in the last place, eight at a time, of x held in [−87, 88]: Vector256.Exp goes through doubles and takes three times as long.</summary>
    /// <remarks>x = n ln 2 + r with |r| ≤ ln 2 / 2; a polynomial of degree 6 for e^r (the minimax one of the Cephes library), times 2^n.</remarks>
    static Vector256<float> Exp(Vector256<float> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-87f)), Vector256.Create(88f));
        Vector256<float> n = Vector256.Round(x * 1.44269504088896341f);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693359375f), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(2.12194440e-4f), r);
        Vector256<float> p = Vector256.Create(1.9875691500e-4f);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.FusedMultiplyAdd(p, r * r, r + Vector256<float>.One);
        return p * ((Vector256.ConvertToInt32(n) + Vector256.Create(127)) << 23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void Tile4x16(float* a, int strideA, float* b, int strideB, float* c, int strideC, int k, float* bias)
    {
        Vector256<float> c00 = bias is null ? default : Vector256.Load(bias), c01 = bias is null ? default : Vector256.Load(bias + 8);
        Vector256<float> c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
        float* a1 = a + strideA, a2 = a1 + strideA, a3 = a2 + strideA;
        for (int l = 0; l < k; l++)
        {
            Vector256<float> b0 = Vector256.Load(b), b1 = Vector256.Load(b + 8);
            b += strideB;
            Vector256<float> x = Vector256.Create(a[l]);
            c00 = Vector256.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector256.FusedMultiplyAdd(x, b1, c01);
            x = Vector256.Create(a1[l]);
            c10 = Vector256.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector256.FusedMultiplyAdd(x, b1, c11);
            x = Vector256.Create(a2[l]);
            c20 = Vector256.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector256.FusedMultiplyAdd(x, b1, c21);
            x = Vector256.Create(a3[l]);
            c30 = Vector256.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector256.FusedMultiplyAdd(x, b1, c31);
        }
        c00.Store(c);
        c01.Store(c + 8);
        c10.Store(c + strideC);
        c11.Store(c + strideC + 8);
        c20.Store(c + 2 * strideC);
        c21.Store(c + 2 * strideC + 8);
        c30.Store(c + 3 * strideC);
        c31.Store(c + 3 * strideC + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static unsafe void Tile1x16(float* a, float* b, int strideB, float* c, int k, float* bias)
    {
        Vector256<float> c0 = bias is null ? default : Vector256.Load(bias), c1 = bias is null ? default : Vector256.Load(bias + 8);
        for (int l = 0; l < k; l++, b += strideB)
        {
            Vector256<float> x = Vector256.Create(a[l]);
            c0 = Vector256.FusedMultiplyAdd(x, Vector256.Load(b), c0);
            c1 = Vector256.FusedMultiplyAdd(x, Vector256.Load(b + 8), c1);
        }
        c0.Store(c);
        c1.Store(c + 8);
    }
}
