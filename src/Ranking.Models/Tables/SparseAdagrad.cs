using System.Numerics;
using System.Runtime.InteropServices;

namespace Ranking.Models.Tables;

/// <summary>Adagrad on one row, by PyTorch's formula.</summary>
static class SparseAdagrad
{
    /// <summary><c>g = scale · g + decay · w; sum += g²; w −= lr · g / (√sum + ε)</c>.</summary>
    public static void Step(Span<float> weights, Span<float> sums, ReadOnlySpan<float> gradient, float learningRate, float decay, float scale, float epsilon)
    {
        int i = 0;
        if (weights.Length >= Vector<float>.Count)
        {
            Span<Vector<float>> w = MemoryMarshal.Cast<float, Vector<float>>(weights), s = MemoryMarshal.Cast<float, Vector<float>>(sums);
            ReadOnlySpan<Vector<float>> g = MemoryMarshal.Cast<float, Vector<float>>(gradient);
            for (int v = 0; v < w.Length; v++)
            {
                Vector<float> step = g[v] * scale + w[v] * decay;
                s[v] += step * step;
                w[v] -= step * learningRate / (Vector.SquareRoot(s[v]) + new Vector<float>(epsilon));
            }
            i = w.Length * Vector<float>.Count;
        }
        for (; i < weights.Length; i++)
        {
            float step = gradient[i] * scale + weights[i] * decay;
            sums[i] += step * step;
            weights[i] -= step * learningRate / (MathF.Sqrt(sums[i]) + epsilon);
        }
    }
}
