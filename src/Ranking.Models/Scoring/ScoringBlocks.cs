using System.Numerics.Tensors;
using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Scoring;

/// <summary>The blocks of TokenMixer-Large: mix, feed forward, revert, feed forward, with inter-layer residuals and the last norm.</summary>
sealed class ScoringBlocks
{
    readonly TokenMixerLargeSettings settings;
    readonly int tokens, dim;
    readonly (ScoringNorm Norm1, ScoringNorm Norm2, ScoringFeedForward F1, ScoringFeedForward F2)[] blocks;
    readonly ScoringNorm? finalNorm;

    public ScoringBlocks(int tokens, TokenMixerLargeSettings settings, ParameterSet parameters)
    {
        (this.tokens, this.settings, dim) = (tokens, settings, settings.Dim);
        int mixed = tokens * dim / settings.MixedTokens;
        blocks = [.. Enumerable.Range(1, settings.Layers).Select(l => (
            Norm($"block{l}.norm1", settings.Reading == BlockReading.C ? dim : mixed),
            Norm($"block{l}.norm2", dim),
            new ScoringFeedForward(parameters, $"block{l}.f1", settings.MixedTokens, mixed, settings),
            new ScoringFeedForward(parameters, $"block{l}.f2", tokens, dim, settings)))];
        if (settings.FinalNorm) finalNorm = Norm("norm", dim);

        ScoringNorm Norm(string name, int width) => new(parameters, name, width, settings.NormEpsilon);
    }

    /// <summary>All blocks on [T, B, D], in place.</summary>
    public void Forward(Span<float> x_TBD, int examples, ScoringBuffers buffers)
    {
        int size = examples * dim, h = settings.MixedTokens, mixed = tokens * dim / h;
        Span<float> normed = buffers.Rent(8, tokens * size), mixed_HBW = buffers.Rent(9, tokens * size), saved_TBD = buffers.Rent(10, tokens * size);
        if (settings.InterLayerGap > 0) x_TBD.CopyTo(saved_TBD);
        for (int l = 1; l <= blocks.Length; l++)
        {
            (ScoringNorm norm1, ScoringNorm norm2, ScoringFeedForward f1, ScoringFeedForward f2) = blocks[l - 1];
            if (settings.Reading == BlockReading.C)
            {
                Norm(norm1, x_TBD, normed, tokens, dim, examples);
                Mix(normed, mixed_HBW, examples);
                Span<float> y_HBW = buffers.Rent(11, tokens * size);
                y_HBW.Clear();
                f1.AddTo(mixed_HBW, y_HBW, examples, buffers);
                Revert(y_HBW, normed, examples);
                TensorPrimitives.Add(x_TBD, normed, x_TBD);
                Norm(norm2, x_TBD, normed, tokens, dim, examples);
            }
            else
            {
                Mix(x_TBD, mixed_HBW, examples);
                Norm(norm1, mixed_HBW, normed, h, mixed, examples);
                f1.AddTo(normed, mixed_HBW, examples, buffers);
                Revert(mixed_HBW, normed, examples);
                Norm(norm2, normed, normed, tokens, dim, examples);
            }
            f2.AddTo(normed, x_TBD, examples, buffers);
            if (settings.InterLayerGap == 0 || l % settings.InterLayerGap != 0 || l >= settings.Layers) continue;
            TensorPrimitives.Add(x_TBD, saved_TBD, x_TBD);
            x_TBD.CopyTo(saved_TBD);
        }
        if (finalNorm is not null) Norm(finalNorm, x_TBD, x_TBD, tokens, dim, examples);
    }

    static void Norm(ScoringNorm norm, ReadOnlySpan<float> x, Span<float> y, int tokens, int width, int examples)
    {
        for (int t = 0, at = 0; t < tokens; t++)
            for (int b = 0; b < examples; b++, at += width) norm.Forward(t, x.Slice(at, width), y.Slice(at, width));
    }

    void Mix(ReadOnlySpan<float> x_TBD, Span<float> m_HBW, int examples)
    {
        int h = settings.MixedTokens, slice = dim / h, mixed = tokens * slice, size = examples * dim;
        for (int t = 0; t < tokens; t++)
            for (int i = 0; i < h; i++) Kernels.CopyRows(x_TBD[(t * size + i * slice)..], dim, m_HBW[(i * examples * mixed + t * slice)..], mixed, examples, slice);
    }

    void Revert(ReadOnlySpan<float> m_HBW, Span<float> x_TBD, int examples)
    {
        int h = settings.MixedTokens, slice = dim / h, mixed = tokens * slice, size = examples * dim;
        for (int t = 0; t < tokens; t++)
            for (int i = 0; i < h; i++) Kernels.CopyRows(m_HBW[(i * examples * mixed + t * slice)..], mixed, x_TBD[(t * size + i * slice)..], dim, examples, slice);
    }
}
