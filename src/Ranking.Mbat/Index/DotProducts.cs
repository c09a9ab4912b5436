using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ranking.Mbat;

/// <summary>
/// Inner products of rows that lie one after another in memory with one or four queries: row after row for one query, which is bound by
/// the memory, and 4 × 4 for a batch, so that each load serves four products.
/// </summary>
internal static unsafe class DotProducts
{
    private const int Ahead = 1024; // floats: a page, where the processor's own prefetching ends

    /// <summary>scores[i] = row_i · query for <paramref name="count"/> rows of <paramref name="dimension"/> floats, a multiple of 16.</summary>
    public static void One(float* rows, int count, int dimension, float* query, float* scores)
    {
        // Row after row, so that memory is read in its order; the processor itself overlaps the sums of neighbouring rows.
        for (int i = 0; i < count; i++, rows += dimension)
        {
            Vector512<float> sum = default;
            for (int j = 0; j < dimension; j += 16)
            {
                if (Sse.IsSupported)
                    Sse.Prefetch0(rows + j + Ahead);
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(rows + j), Vector512.Load(query + j), sum);
            }
            scores[i] = Sum(sum);
        }
    }

    /// <summary>scores[q · stride + i] = row_i · query_q for four queries that lie one after another; the same bits as <see cref="One"/>.</summary>
    public static void Four(float* rows, int count, int dimension, float* queries, float* scores, int stride)
    {
        float* q0 = queries, q1 = q0 + dimension, q2 = q1 + dimension, q3 = q2 + dimension;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            float* r0 = rows + (nint)i * dimension;
            float* r1 = r0 + dimension;
            float* r2 = r1 + dimension;
            float* r3 = r2 + dimension;
            Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default, s10 = default, s11 = default, s12 = default, s13 = default;
            Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default, s30 = default, s31 = default, s32 = default, s33 = default;
            for (int j = 0; j < dimension; j += 16)
            {
                Vector512<float> a = Vector512.Load(q0 + j), b = Vector512.Load(q1 + j), c = Vector512.Load(q2 + j), d = Vector512.Load(q3 + j);
                Vector512<float> row = Vector512.Load(r0 + j);
                s00 = Vector512.FusedMultiplyAdd(row, a, s00);
                s01 = Vector512.FusedMultiplyAdd(row, b, s01);
                s02 = Vector512.FusedMultiplyAdd(row, c, s02);
                s03 = Vector512.FusedMultiplyAdd(row, d, s03);
                row = Vector512.Load(r1 + j);
                s10 = Vector512.FusedMultiplyAdd(row, a, s10);
                s11 = Vector512.FusedMultiplyAdd(row, b, s11);
                s12 = Vector512.FusedMultiplyAdd(row, c, s12);
                s13 = Vector512.FusedMultiplyAdd(row, d, s13);
                row = Vector512.Load(r2 + j);
                s20 = Vector512.FusedMultiplyAdd(row, a, s20);
                s21 = Vector512.FusedMultiplyAdd(row, b, s21);
                s22 = Vector512.FusedMultiplyAdd(row, c, s22);
                s23 = Vector512.FusedMultiplyAdd(row, d, s23);
                row = Vector512.Load(r3 + j);
                s30 = Vector512.FusedMultiplyAdd(row, a, s30);
                s31 = Vector512.FusedMultiplyAdd(row, b, s31);
                s32 = Vector512.FusedMultiplyAdd(row, c, s32);
                s33 = Vector512.FusedMultiplyAdd(row, d, s33);
            }
            Store(scores + i, s00, s10, s20, s30);
            Store(scores + stride + i, s01, s11, s21, s31);
            Store(scores + 2 * stride + i, s02, s12, s22, s32);
            Store(scores + 3 * stride + i, s03, s13, s23, s33);
        }
        for (int q = 0; q < 4 && i < count; q++)
            One(rows + (nint)i * dimension, count - i, dimension, queries + (nint)q * dimension, scores + q * stride + i);
    }

    /// <summary>scores[i] = scale_i · (row_i · query) for rows and a query of 8-bit integers, the query widened to 16 bits.</summary>
    public static void Bytes(sbyte* rows, float* scales, int count, int dimension, short* query, float* scores)
    {
        for (int i = 0; i < count; i++)
        {
            sbyte* row = rows + (nint)i * dimension;
            int dot;
            if (Avx512BW.IsSupported && dimension % 64 == 0)
            {
                Vector512<int> even = default, odd = default;
                for (int j = 0; j < dimension; j += 64)
                {
                    even += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row + j)), Vector512.Load(query + j));
                    odd += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Vector256.Load(row + j + 32)), Vector512.Load(query + j + 32));
                }
                dot = Vector512.Sum(even + odd);
            }
            else if (Avx2.IsSupported)
            {
                Vector256<int> sum = default;
                for (int j = 0; j < dimension; j += 16)
                    sum += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(Vector128.Load(row + j)), Vector256.Load(query + j));
                dot = Vector256.Sum(sum);
            }
            else
            {
                dot = 0;
                for (int j = 0; j < dimension; j++)
                    dot += row[j] * query[j];
            }
            scores[i] = scales[i] * dot;
        }
    }

    // The order of additions of a sum is the same alone and four at a time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum(Vector512<float> a)
    {
        Vector128<float> x = Quarter(a);
        return (x[0] + x[2]) + (x[1] + x[3]);
    }

    // Four sums by one transposition: four times Sum would cost more than the products.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* scores, Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        if (!Sse.IsSupported)
        {
            (scores[0], scores[1], scores[2], scores[3]) = (Sum(a), Sum(b), Sum(c), Sum(d));
            return;
        }
        Vector128<float> x = Quarter(a), y = Quarter(b), z = Quarter(c), w = Quarter(d);
        Vector128<float> xy = Sse.UnpackLow(x, y) + Sse.UnpackHigh(x, y); // x0+x2, y0+y2, x1+x3, y1+y3
        Vector128<float> zw = Sse.UnpackLow(z, w) + Sse.UnpackHigh(z, w);
        (Sse.MoveLowToHigh(xy, zw) + Sse.MoveHighToLow(zw, xy)).Store(scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quarter(Vector512<float> a)
    {
        Vector256<float> half = a.GetLower() + a.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
