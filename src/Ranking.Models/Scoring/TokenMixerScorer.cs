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
    readonly ScoringNorm? inputNorm;
    readonly ScoringTokenizer tokenizer;
    readonly ScoringBlocks blocks;
    readonly ScoringHead head;
    readonly ScoringLinear[] cross;
    readonly ScoringLinear? crossHead;

    public TokenMixerScorer(InputShape input, int tasks, TokenMixerLargeSettings settings, ParameterSet parameters)
    {
        (this.input, this.settings) = (input, settings);
        if (settings.InputNorm) inputNorm = new ScoringNorm(parameters, "input_norm", input.Width, 0);
        tokenizer = new ScoringTokenizer(input, settings, parameters);
        blocks = new ScoringBlocks(tokenizer.Tokens, settings, parameters);
        head = new ScoringHead(tokenizer.Tokens, tasks, settings, parameters);
        cross = settings.Cross == CrossPlace.None ? [] : [.. Enumerable.Range(1, settings.CrossLayers).Select(l => new ScoringLinear(parameters, $"cross{l}"))];
        if (settings.Cross == CrossPlace.Beside) crossHead = new ScoringLinear(parameters, "cross_head");
    }

    /// <summary>Numbers that a group's cached token takes, laid out as <see cref="ScoringTokenizer.WidthOf"/> says; 0: not cacheable.</summary>
    public int TokenWidth(int group) => settings.Cross == CrossPlace.Front ? 0 : tokenizer.WidthOf(group);

    /// <summary>A group's token from its raw numbers, laid out as <see cref="ScoringTokenizer.WidthOf"/> says.</summary>
    public void ComputeToken(int group, ReadOnlySpan<float> raw, Span<float> token, ScoringBuffers buffers)
    {
        InputSpan span = input.Groups[group];
        Span<float> x = buffers.Rent(5, input.Width)[..span.Width];
        Span<float> whole = buffers.Rent(6, input.Width);
        whole.Clear();
        raw.CopyTo(whole[span.Offset..]);
        inputNorm?.Forward(0, whole, whole);
        whole.Slice(span.Offset, span.Width).CopyTo(x);
        tokenizer.Compute(group, x, token, buffers);
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
        int f = input.Width;
        if (inputNorm is not null)
            for (int b = 0; b < examples; b++) inputNorm.Forward(0, raw_BF.Slice(b * f, f), raw_BF.Slice(b * f, f));
        Span<float> x_TBD = buffers.Rent(7, tokenizer.Tokens * examples * settings.Dim), crossed_BF = default;
        if (settings.Cross == CrossPlace.Front)
        {
            for (int g = 0; g < input.Groups.Count; g++) FillRaw(g, raw_BF, once[g], (_, _) => default, examples);
            crossed_BF = Cross(raw_BF, once: default, examples, buffers);
            tokenizer.Forward(crossed_BF, new bool[input.Groups.Count], (_, _) => default, x_TBD, examples, buffers);
        }
        else
        {
            tokenizer.Forward(raw_BF, once, tokenOf, x_TBD, examples, buffers);
        }
        blocks.Forward(x_TBD, examples, buffers);
        head.Forward(x_TBD, logits_BK, examples, buffers);
        if (crossHead is null) return;
        for (int g = 0; g < input.Groups.Count; g++) FillRaw(g, raw_BF, once[g], tokenOf, examples);
        crossed_BF = Cross(raw_BF, once, examples, buffers);
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

    Span<float> Cross(ReadOnlySpan<float> x0_BF, ReadOnlySpan<bool> once, int examples, ScoringBuffers buffers)
    {
        int f = input.Width, size = examples * f;
        Span<float> x_BF = buffers.Rent(9, size), y_BF = buffers.Rent(10, size);
        x0_BF[..size].CopyTo(x_BF);
        for (int l = 0; l < cross.Length; l++)
        {
            if (l == 0 && once.Contains(true)) CrossFirst(cross[0], x0_BF, once, y_BF, examples, buffers);
            else cross[l].Forward(x_BF, f, y_BF, f, examples);
            TensorPrimitives.MultiplyAdd(x0_BF[..size], y_BF, x_BF, x_BF);
        }
        return x_BF;
    }

    /// <summary>The first layer reads the input itself: what all candidates share is multiplied once.</summary>
    void CrossFirst(ScoringLinear layer, ReadOnlySpan<float> x0_BF, ReadOnlySpan<bool> once, Span<float> y_BF, int examples, ScoringBuffers buffers)
    {
        int f = input.Width;
        Span<float> shared_F = buffers.Rent(11, f), part_BF = buffers.Rent(8, examples * f);
        layer.Bias_O.CopyTo(shared_F);
        bool first = true;
        for (int g = 0, end; g < once.Length; g = end)
        {
            for (end = g + 1; end < once.Length && once[end] == once[g];) end++;
            int from = input.Groups[g].Offset, width = input.Groups[end - 1].Offset + input.Groups[end - 1].Width - from, rows = once[g] ? 1 : examples;
            Span<float> to = once[g] || !first ? part_BF : y_BF;
            Kernels.Multiply(x0_BF[from..], f, layer.Weight_IO.AsSpan(from * f, width * f), to, f, rows, width, f);
            if (once[g]) TensorPrimitives.Add(shared_F, to[..f], shared_F);
            else if (!first) TensorPrimitives.Add(y_BF, to[..y_BF.Length], y_BF);
            first &= once[g];
        }
        if (first) y_BF.Clear();
        for (int b = 0; b < examples; b++) TensorPrimitives.Add(y_BF.Slice(b * f, f), shared_F, y_BF.Slice(b * f, f));
    }
}
