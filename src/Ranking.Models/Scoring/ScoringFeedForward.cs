using System.Numerics.Tensors;
using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Scoring;

/// <summary>Per-token SwiGLU, dense or with routed experts, on [N, B, W]; the answer is added to the output.</summary>
sealed class ScoringFeedForward
{
    readonly int tokens, width, hidden, routed, chosen;
    readonly float alpha;
    readonly float[] up, gate, down;
    readonly float[]? router, expertsUp, expertsGate, expertsDown;
    readonly ScoringNorm? gatedNorm;

    public ScoringFeedForward(ParameterSet parameters, string name, int tokens, int width, TokenMixerLargeSettings settings)
    {
        (this.tokens, this.width) = (tokens, width);
        string dense = settings.Experts > 0 ? $"{name}.shared" : name;
        up = parameters.ToArray($"{dense}.up");
        gate = parameters.ToArray($"{dense}.gate");
        down = parameters.ToArray($"{dense}.down");
        hidden = up.Length / tokens / width;
        if (settings.GatedNorm) gatedNorm = new ScoringNorm(parameters, $"{name}.gated_norm", hidden, 0);
        if (settings.Experts == 0) return;
        (routed, chosen) = (settings.Experts - 1, settings.ActiveExperts - 1);
        alpha = (float)(settings.GateScale ?? (double)settings.Experts / settings.ActiveExperts);
        router = parameters.ToArray($"{name}.router");
        expertsUp = parameters.ToArray($"{name}.experts.up");
        expertsGate = parameters.ToArray($"{name}.experts.gate");
        expertsDown = parameters.ToArray($"{name}.experts.down");
    }

    /// <summary>y += F(x), both [N, B, W].</summary>
    public void AddTo(ReadOnlySpan<float> x_NBW, Span<float> y_NBW, int examples, ScoringBuffers buffers)
    {
        int size = examples * width;
        Span<float> up_BS = buffers.Rent(0, examples * hidden), gate_BS = buffers.Rent(1, examples * hidden), out_BW = buffers.Rent(2, size);
        for (int n = 0; n < tokens; n++)
        {
            ReadOnlySpan<float> x_BW = x_NBW.Slice(n * size, size);
            Span<float> y_BW = y_NBW.Slice(n * size, size);
            One(x_BW, out_BW, examples, Of(up, n, tokens), Of(gate, n, tokens), Of(down, n, tokens), up_BS, gate_BS, n);
            TensorPrimitives.Add(y_BW, out_BW, y_BW);
            if (routed > 0) Route(n, x_BW, y_BW, examples, buffers);
        }
    }

    void One(ReadOnlySpan<float> x, Span<float> y, int rows, ReadOnlySpan<float> upOf, ReadOnlySpan<float> gateOf, ReadOnlySpan<float> downOf, Span<float> up_BS, Span<float> gate_BS, int token)
    {
        Kernels.Multiply(x, width, upOf, up_BS, hidden, rows, width, hidden);
        Kernels.Multiply(x, width, gateOf, gate_BS, hidden, rows, width, hidden);
        Kernels.SwiGlu(gate_BS[..(rows * hidden)], up_BS);
        if (gatedNorm is not null)
            for (int b = 0; b < rows; b++) gatedNorm.Forward(token, gate_BS.Slice(b * hidden, hidden), gate_BS.Slice(b * hidden, hidden));
        Kernels.Multiply(gate_BS, hidden, downOf, y, width, rows, hidden, width);
    }

    /// <summary>Gathers the examples that chose an expert, runs it on them, and adds its answers weighted by their gates.</summary>
    void Route(int n, ReadOnlySpan<float> x_BW, Span<float> y_BW, int examples, ScoringBuffers buffers)
    {
        Span<float> gates_BR = buffers.Rent(3, examples * routed);
        Kernels.Multiply(x_BW, width, Of(router!, n, tokens), gates_BR, routed, examples, width, routed);
        for (int b = 0; b < examples; b++) Choose(gates_BR.Slice(b * routed, routed));
        Span<float> in_PW = buffers.Rent(4, examples * width), out_PW = buffers.Rent(2, examples * width);
        Span<float> up_PS = buffers.Rent(0, examples * hidden), gate_PS = buffers.Rent(1, examples * hidden);
        for (int e = 0; e < routed; e++)
        {
            int rows = 0;
            for (int b = 0; b < examples; b++)
                if (gates_BR[b * routed + e] > 0) x_BW.Slice(b * width, width).CopyTo(in_PW[(rows++ * width)..]);
            if (rows == 0) continue;
            int all = tokens * routed, own = n * routed + e;
            One(in_PW, out_PW, rows, Of(expertsUp!, own, all), Of(expertsGate!, own, all), Of(expertsDown!, own, all), up_PS, gate_PS, n);
            rows = 0;
            for (int b = 0; b < examples; b++)
            {
                float weight = gates_BR[b * routed + e];
                if (weight <= 0) continue;
                Span<float> y_W = y_BW.Slice(b * width, width);
                TensorPrimitives.MultiplyAdd(out_PW.Slice(rows++ * width, width), alpha * weight, y_W, y_W);
            }
        }
    }

    /// <summary>Turns router logits into gates: a softmax over the chosen ones, zero elsewhere.</summary>
    void Choose(Span<float> logits)
    {
        Span<int> best = stackalloc int[chosen];
        for (int j = 0; j < chosen; j++)
        {
            int top = -1;
            for (int e = 0; e < logits.Length; e++)
                if (!best[..j].Contains(e) && (top < 0 || logits[e] > logits[top])) top = e;
            best[j] = top;
        }
        Span<float> chosenLogits = stackalloc float[chosen];
        for (int j = 0; j < chosen; j++) chosenLogits[j] = logits[best[j]];
        TensorPrimitives.SoftMax(chosenLogits, chosenLogits);
        logits.Clear();
        // A gate may underflow to zero; the smallest number above it keeps its expert among the chosen.
        for (int j = 0; j < chosen; j++) logits[best[j]] = Math.Max(chosenLogits[j], float.Epsilon);
    }

    static ReadOnlySpan<float> Of(float[] weights, int part, int parts) => weights.AsSpan(part * (weights.Length / parts), weights.Length / parts);
}

/// <summary>Numbered scratch space of one scoring thread, kept from request to request.</summary>
sealed class ScoringBuffers
{
    readonly float[][] buffers = [.. Enumerable.Repeat<float[]>([], 12)];

    /// <summary>The buffer of that number, at least so long; its content is undefined.</summary>
    public Span<float> Rent(int number, int length)
    {
        if (buffers[number].Length < length) buffers[number] = GC.AllocateUninitializedArray<float>(length + length / 4);
        return buffers[number].AsSpan(0, length);
    }
}
