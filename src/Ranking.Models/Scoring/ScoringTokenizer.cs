using System.Numerics.Tensors;
using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Scoring;

/// <summary>From raw numbers, or cached tokens, to tokens: one a group, and the global one, which is the sum of every group's share.</summary>
sealed class ScoringTokenizer
{
    readonly InputShape input;
    readonly int dim, firstGroup;
    readonly bool crossBeside;
    readonly ScoringLinear[] global;
    readonly ScoringLinear[][] groups;

    public ScoringTokenizer(InputShape input, TokenMixerLargeSettings settings, ParameterSet parameters)
    {
        (this.input, dim, crossBeside) = (input, settings.Dim, settings.Cross == CrossPlace.Beside);
        global = settings.GlobalToken ? Layers("global") : [];
        groups = [.. input.Groups.Select((_, i) => Layers($"token{i}"))];
        firstGroup = settings.GlobalToken ? 1 : 0;

        ScoringLinear[] Layers(string name) => [.. Enumerable.Range(1, settings.TokenizerDepth).Select(d => new ScoringLinear(parameters, d == 1 ? name : $"{name}.layer{d}"))];
    }

    /// <summary>Number of tokens.</summary>
    public int Tokens => groups.Length + firstGroup;

    /// <summary>Numbers of a group's cached token: the token, its share of the global token, and its raw numbers where a cross network reads them.</summary>
    public int WidthOf(int group) => dim + (global.Length > 0 ? dim : 0) + (crossBeside ? input.Groups[group].Width : 0);

    /// <summary>A group's cached token from its raw numbers, normed.</summary>
    public void Compute(int group, ReadOnlySpan<float> x, Span<float> token, ScoringBuffers buffers)
    {
        InputSpan span = input.Groups[group];
        Token(groups[group], x, span.Width, token, dim, 1, buffers);
        if (global.Length > 0) Kernels.Multiply(x, span.Width, RowsOf(global[0], span), token[dim..], dim, 1, span.Width, dim);
        if (crossBeside) x.CopyTo(token[(WidthOf(group) - span.Width)..]);
    }

    /// <summary>All tokens, the global one first: from raw numbers, and from cached tokens where there are some.</summary>
    /// <param name="x_BF">Raw numbers, normed.</param>
    /// <param name="once">Of each group: whether all candidates share the first one's numbers.</param>
    /// <param name="tokenOf">The cached token of a candidate's group, or nothing.</param>
    /// <param name="x_TBD">The answer.</param>
    /// <param name="examples">B.</param>
    /// <param name="buffers">Of this thread.</param>
    public void Forward(ReadOnlySpan<float> x_BF, ReadOnlySpan<bool> once, CachedToken tokenOf, Span<float> x_TBD, int examples, ScoringBuffers buffers)
    {
        int f = input.Width, size = examples * dim;
        Span<float> global_BD = x_TBD[..size], share_BD = buffers.Rent(5, size);
        if (global.Length > 0)
            for (int b = 0; b < examples; b++) global[0].Bias_O.CopyTo(global_BD[(b * dim)..]);
        for (int g = 0; g < groups.Length; g++)
        {
            InputSpan span = input.Groups[g];
            Span<float> token_BD = x_TBD.Slice((g + firstGroup) * size, size);
            int rows = once[g] ? 1 : examples;
            // Candidates with a cached token between others without: runs of the latter are computed together.
            for (int b = 0; b < rows;)
            {
                if (!once[g] && tokenOf(b, g) is { IsEmpty: false } cached)
                {
                    cached[..dim].CopyTo(token_BD[(b * dim)..]);
                    if (global.Length > 0) cached.Slice(dim, dim).CopyTo(share_BD[(b * dim)..]);
                    b++;
                    continue;
                }
                int end = b + 1;
                while (end < rows && tokenOf(end, g).IsEmpty) end++;
                ReadOnlySpan<float> from = x_BF[(b * f + span.Offset)..];
                Token(groups[g], from, f, token_BD[(b * dim)..], dim, end - b, buffers);
                if (global.Length > 0) Kernels.Multiply(from, f, RowsOf(global[0], span), share_BD[(b * dim)..], dim, end - b, span.Width, dim);
                b = end;
            }
            for (int b = rows; b < examples; b++) token_BD[..dim].CopyTo(token_BD[(b * dim)..]);
            if (global.Length == 0) continue;
            for (int b = rows; b < examples; b++) share_BD[..dim].CopyTo(share_BD[(b * dim)..]);
            TensorPrimitives.Add(global_BD, share_BD, global_BD);
        }
        Rest(global, global_BD, examples, buffers);
    }

    void Token(ScoringLinear[] layers, ReadOnlySpan<float> x, int strideX, Span<float> y_BD, int strideY, int rows, ScoringBuffers buffers)
    {
        layers[0].Forward(x, strideX, y_BD, strideY, rows);
        Rest(layers, y_BD[..(rows * dim)], rows, buffers);
    }

    void Rest(ScoringLinear[] layers, Span<float> x_BD, int rows, ScoringBuffers buffers)
    {
        for (int l = 1; l < layers.Length; l++)
        {
            Span<float> hidden_BD = buffers.Rent(8, rows * dim);
            x_BD.CopyTo(hidden_BD);
            Kernels.Silu(hidden_BD);
            layers[l].Forward(hidden_BD, dim, x_BD, dim, rows);
        }
    }

    ReadOnlySpan<float> RowsOf(ScoringLinear layer, InputSpan span) => layer.Weight_IO.AsSpan(span.Offset * dim, span.Width * dim);
}
