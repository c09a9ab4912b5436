using System.Numerics.Tensors;
using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Scoring;

/// <summary>From the last block's tokens to logits: the readout, then one layer for all tasks or a tower for each.</summary>
sealed class ScoringHead
{
    readonly TokenMixerLargeSettings settings;
    readonly int tokens, dim;
    readonly ScoringLinear[][] towers;

    public ScoringHead(int tokens, int tasks, TokenMixerLargeSettings settings, ParameterSet parameters)
    {
        (this.tokens, this.settings, dim) = (tokens, settings, settings.Dim);
        towers = settings.TowerHidden.Count == 0 ? [[new ScoringLinear(parameters, "head")]]
            : [.. Enumerable.Range(0, tasks).Select(k => (ScoringLinear[])[.. settings.TowerHidden.Select((_, i) => new ScoringLinear(parameters, $"head.task{k}.layer{i + 1}")), new ScoringLinear(parameters, $"head.task{k}.logit")])];
    }

    /// <summary>Logits [B, K] of tokens [T, B, D].</summary>
    public void Forward(ReadOnlySpan<float> x_TBD, Span<float> logits_BK, int examples, ScoringBuffers buffers)
    {
        int size = examples * dim, width = settings.Readout == TokenReadout.Concat ? tokens * dim : dim;
        Span<float> read = buffers.Rent(8, examples * width);
        switch (settings.Readout)
        {
            case TokenReadout.Global:
                x_TBD[..size].CopyTo(read);
                break;
            case TokenReadout.Concat:
                for (int t = 0; t < tokens; t++)
                    for (int b = 0; b < examples; b++) x_TBD.Slice(t * size + b * dim, dim).CopyTo(read[(b * width + t * dim)..]);
                break;
            default:
                x_TBD[..size].CopyTo(read);
                for (int t = 1; t < tokens; t++) TensorPrimitives.Add(read, x_TBD.Slice(t * size, size), read);
                TensorPrimitives.Multiply(read, 1f / tokens, read);
                break;
        }
        int tasks = logits_BK.Length / examples;
        for (int k = 0; k < towers.Length; k++)
        {
            ReadOnlySpan<float> x = read;
            for (int l = 0; l < towers[k].Length - 1; l++)
            {
                Span<float> y = buffers.Rent(l % 2 == 0 ? 9 : 10, examples * towers[k][l].Output);
                towers[k][l].Forward(x, towers[k][l].Input, y, towers[k][l].Output, examples);
                Kernels.Silu(y);
                x = y;
            }
            towers[k][^1].Forward(x, towers[k][^1].Input, logits_BK[k..], tasks, examples);
        }
    }
}
