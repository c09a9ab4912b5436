using System.Numerics.Tensors;
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
            int j = 0;
            for (; j + 16 <= n; j += 16)
            {
                int i = 0;
                for (; i + 4 <= m; i += 4) Tile4x16(pa + i * strideA, strideA, pb + j, n, pc + i * strideC + j, strideC, k, pbias is null ? null : pbias + j);
                for (; i < m; i++) Tile1x16(pa + i * strideA, pb + j, n, pc + i * strideC + j, k, pbias is null ? null : pbias + j);
            }
            for (; j < n; j++)
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

    /// <summary>gate = SiLU(gate) ⊙ up.</summary>
    public static void SwiGlu(Span<float> gate, ReadOnlySpan<float> up)
    {
        ref float g = ref MemoryMarshal.GetReference(gate), u = ref MemoryMarshal.GetReference(up);
        int i = 0;
        for (; i + 8 <= gate.Length; i += 8)
        {
            Vector256<float> x = Vector256.LoadUnsafe(ref g, (nuint)i);
            (x / (Vector256<float>.One + Vector256.Exp(-x)) * Vector256.LoadUnsafe(ref u, (nuint)i)).StoreUnsafe(ref g, (nuint)i);
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
        float scale = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares(x) / x.Length + epsilon);
        TensorPrimitives.Multiply(x, scale, y);
        TensorPrimitives.Multiply(y, gamma, y);
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
