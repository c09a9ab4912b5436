using System.Numerics.Tensors;
using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Scoring;

/// <summary>The cached token of a candidate's group, as <see cref="TokenMixerScorer.TokenWidth"/> says; empty where there is none.</summary>
delegate ReadOnlySpan<float> CachedToken(int candidate, int group);

/// <summary>
/// TokenMixer-Large's forward pass as plain loops over arrays, for scoring on one CPU thread: torch's cost a call is more than the
/// arithmetic of a small model. Equal to the network to rounding; a test holds them together for every setting.
/// </summary>
/// <remarks>Letters: B examples, F raw numbers, T tokens, D token width, H mixed tokens, K tasks. A snapshot of the weights; thread-safe.</remarks>
sealed class TokenMixerScorer
{
    readonly TokenMixerLargeSettings settings;
    readonly InputShape input;
    readonly ScoringNorm? inputNorm, finalNorm;
    readonly ScoringLinear[] cross, global;
    readonly ScoringLinear[][] groups;
    readonly (ScoringNorm Norm1, ScoringNorm Norm2, ScoringFeedForward F1, ScoringFeedForward F2)[] blocks;
    readonly ScoringLinear[][] towers;
    readonly ScoringLinear? crossHead;
    readonly int tokens, firstGroup, dim;

    public TokenMixerScorer(InputShape input, int tasks, TokenMixerLargeSettings settings, ParameterSet parameters)
    {
        (this.input, this.settings, dim) = (input, settings, settings.Dim);
        if (settings.InputNorm) inputNorm = new ScoringNorm(parameters, "input_norm", input.Width, 0);
        cross = settings.Cross == CrossPlace.None ? [] : [.. Enumerable.Range(1, settings.CrossLayers).Select(l => new ScoringLinear(parameters, $"cross{l}"))];
        global = settings.GlobalToken ? Tokenizer("global") : [];
        groups = [.. input.Groups.Select((_, i) => Tokenizer($"token{i}"))];
        firstGroup = settings.GlobalToken ? 1 : 0;
        tokens = groups.Length + firstGroup;
        int mixed = tokens * dim / settings.MixedTokens;
        blocks = [.. Enumerable.Range(1, settings.Layers).Select(l => (
            Norm($"block{l}.norm1", settings.Reading == BlockReading.C ? dim : mixed),
            Norm($"block{l}.norm2", dim),
            new ScoringFeedForward(parameters, $"block{l}.f1", settings.MixedTokens, mixed, settings),
            new ScoringFeedForward(parameters, $"block{l}.f2", tokens, dim, settings)))];
        if (settings.FinalNorm) finalNorm = Norm("norm", dim);
        towers = settings.TowerHidden.Count == 0 ? [[new ScoringLinear(parameters, "head")]]
            : [.. Enumerable.Range(0, tasks).Select(k => (ScoringLinear[])[.. settings.TowerHidden.Select((_, i) => new ScoringLinear(parameters, $"head.task{k}.layer{i + 1}")), new ScoringLinear(parameters, $"head.task{k}.logit")])];
        if (settings.Cross == CrossPlace.Beside) crossHead = new ScoringLinear(parameters, "cross_head");

        ScoringLinear[] Tokenizer(string name) => [.. Enumerable.Range(1, settings.TokenizerDepth).Select(d => new ScoringLinear(parameters, d == 1 ? name : $"{name}.layer{d}"))];
        ScoringNorm Norm(string name, int width) => new(parameters, name, width, settings.NormEpsilon);
    }

    /// <summary>Numbers that a group's cached token takes: the token, its share of the global token, and its raw numbers where a cross network reads them; 0: not cacheable.</summary>
    public int TokenWidth(int group) => settings.Cross == CrossPlace.Front ? 0
        : dim + (global.Length > 0 ? dim : 0) + (settings.Cross == CrossPlace.Beside ? input.Groups[group].Width : 0);

    /// <summary>A group's token from its raw numbers, laid out as <see cref="TokenWidth"/> says.</summary>
    public void ComputeToken(int group, ReadOnlySpan<float> raw, Span<float> token, ScoringBuffers buffers)
    {
        InputSpan span = input.Groups[group];
        Span<float> x = buffers.Rent(5, input.Width)[..span.Width];
        Span<float> whole = buffers.Rent(6, input.Width);
        whole.Clear();
        raw.CopyTo(whole[span.Offset..]);
        inputNorm?.Forward(0, whole, whole);
        whole.Slice(span.Offset, span.Width).CopyTo(x);
        Token(groups[group], x, span.Width, token, dim, 1, buffers);
        if (global.Length > 0) Kernels.Multiply(x, span.Width, RowsOf(global[0], span), token[dim..], dim, 1, span.Width, dim);
        if (settings.Cross == CrossPlace.Beside) x.CopyTo(token[(TokenWidth(group) - span.Width)..]);
    }

    /// <summary>Logits [B, K] of candidates.</summary>
    /// <param name="examples">B.</param>
    /// <param name="raw_BF">Raw numbers; a group that <paramref name="tokenOf"/> knows need not be filled.</param>
    /// <param name="once">Of each group: whether all candidates share the first one's numbers.</param>
    /// <param name="tokenOf">The cached token of a candidate's group, or nothing.</param>
    /// <param name="logits_BK">The answer.</param>
    /// <param name="buffers">Of this thread.</param>
    public void Forward(int examples, Span<float> raw_BF, ReadOnlySpan<bool> once, CachedToken tokenOf, Span<float> logits_BK, ScoringBuffers buffers)
    {
        int f = input.Width, size = examples * dim;
        if (inputNorm is not null)
            for (int b = 0; b < examples; b++) inputNorm.Forward(0, raw_BF.Slice(b * f, f), raw_BF.Slice(b * f, f));
        Span<float> x_TBD = buffers.Rent(7, tokens * size), crossed_BF = default;
        if (settings.Cross == CrossPlace.Front)
        {
            for (int g = 0; g < groups.Length; g++) FillRaw(g, raw_BF, once[g], (_, _) => default, examples);
            crossed_BF = Cross(raw_BF, examples, buffers);
            Tokens(crossed_BF, new bool[groups.Length], (_, _) => default, x_TBD, examples, buffers);
        }
        else
        {
            Tokens(raw_BF, once, tokenOf, x_TBD, examples, buffers);
        }
        Blocks(x_TBD, examples, buffers);
        Read(x_TBD, logits_BK, examples, buffers);
        if (crossHead is null) return;
        for (int g = 0; g < groups.Length; g++) FillRaw(g, raw_BF, once[g], tokenOf, examples);
        crossed_BF = Cross(raw_BF, examples, buffers);
        Span<float> more_BK = buffers.Rent(5, logits_BK.Length);
        crossHead.Forward(crossed_BF, f, more_BK, crossHead.Output, examples);
        TensorPrimitives.Add(logits_BK, more_BK, logits_BK);
    }

    /// <summary>Raw numbers for the cross network, which reads them all: from the cached tokens and the shared first candidate.</summary>
    void FillRaw(int g, Span<float> raw_BF, bool once, CachedToken tokenOf, int examples)
    {
        InputSpan span = input.Groups[g];
        for (int b = 0; b < examples; b++)
        {
            Span<float> own = raw_BF.Slice(b * input.Width + span.Offset, span.Width);
            if (once) raw_BF.Slice(span.Offset, span.Width).CopyTo(own);
            else if (tokenOf(b, g) is { IsEmpty: false } cached) cached[^span.Width..].CopyTo(own);
        }
    }

    void Tokens(ReadOnlySpan<float> x_BF, ReadOnlySpan<bool> once, CachedToken tokenOf, Span<float> x_TBD, int examples, ScoringBuffers buffers)
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

    void Blocks(Span<float> x_TBD, int examples, ScoringBuffers buffers)
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

    void Read(ReadOnlySpan<float> x_TBD, Span<float> logits_BK, int examples, ScoringBuffers buffers)
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

    Span<float> Cross(ReadOnlySpan<float> x0_BF, int examples, ScoringBuffers buffers)
    {
        int f = input.Width, size = examples * f;
        Span<float> x_BF = buffers.Rent(9, size), y_BF = buffers.Rent(10, size);
        x0_BF[..size].CopyTo(x_BF);
        foreach (ScoringLinear layer in cross)
        {
            layer.Forward(x_BF, f, y_BF, f, examples);
            TensorPrimitives.MultiplyAdd(x0_BF[..size], y_BF, x_BF, x_BF);
        }
        return x_BF;
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

    ReadOnlySpan<float> RowsOf(ScoringLinear layer, InputSpan span) => layer.Weight_IO.AsSpan(span.Offset * dim, span.Width * dim);
}
