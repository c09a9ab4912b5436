using Ranking.Models.Networks;
using static TorchSharp.torch;

namespace Ranking.Models.Cuda;

/// <summary>
/// The blocks' weights as the kernels read them, bf16, beside the float32 parameters that the optimiser, checkpoints and scoring know,
/// and the gradients on their way back. Letters: G tokens or mixed tokens, E experts, R routed ones, W token width, S hidden width.
/// </summary>
sealed class BlockWeights : IDisposable
{
    readonly Tensor matrices, matrixGradients, routers, norms, smallGradients;
    readonly List<(Tensor Parameter, Tensor Kernel, Tensor Gradient)> pairs = [];

    internal BlockWeights(BackboneShape shape, ParameterSet parameters)
    {
        using IDisposable _ = no_grad();
        (long big, long small) = BackboneMemory.Parameters(shape);
        Tensor Zeros(long count, ScalarType type) => zeros(count, type, parameters.Device).DetachFromDisposeScope();
        (matrices, matrixGradients) = (Zeros(big, ScalarType.BFloat16), Zeros(big, ScalarType.BFloat16));
        (routers, norms, smallGradients) = (Zeros(small, ScalarType.BFloat16), Zeros(small, ScalarType.Float32), Zeros(small, ScalarType.Float32));
        for (int i = 0; i < 2 * shape.Layers; i++) AddFeedForward(shape, parameters, i);
        for (int i = 0; i <= 2 * shape.Layers; i++)
        {
            string name = i == 2 * shape.Layers ? "norm" : $"block{i / 2 + 1}.norm{i % 2 + 1}";
            Tensor View(Tensor all) => all.narrow(0, (long)i * shape.Width, shape.Width);
            Add(parameters[name], View(norms), View(smallGradients));
        }
    }

    /// <summary>Addresses by the names of <see cref="BackboneMemory"/>.</summary>
    internal IEnumerable<(string Name, Tensor Tensor)> Buffers =>
        [("weights", matrices), ("gradients", matrixGradients), ("small.weights", routers), ("small.masters", norms), ("small.gradients", smallGradients)];

    /// <summary>Rounds the parameters to what the kernels read.</summary>
    internal void Refresh()
    {
        foreach ((Tensor parameter, Tensor kernel, _) in pairs) kernel.copy_(parameter);
    }

    /// <summary>Gives every parameter its gradient.</summary>
    internal void GiveGradients()
    {
        foreach ((Tensor parameter, _, Tensor gradient) in pairs) parameter.grad = gradient.to(ScalarType.Float32, copy: true);
    }

    void AddFeedForward(BackboneShape shape, ParameterSet parameters, int index)
    {
        FeedForwardShape f = index % 2 == 0 ? shape.Mixing : shape.PerToken;
        (long upGate, long down) = BackboneMemory.WeightOffsets(shape, index);
        string name = $"block{index / 2 + 1}.f{index % 2 + 1}";
        long s = f.ExpertHidden;
        Tensor UpGate(Tensor all) => all.narrow(0, upGate, f.UpGateParameters).view(f.Groups, shape.Experts, f.Width, 2 * s);
        Tensor Down(Tensor all) => all.narrow(0, down, f.DownParameters).view(f.Groups, shape.Experts, s, f.Width);
        (Tensor upGate_GEWS, Tensor upGateGrad_GEWS, Tensor down_GESW, Tensor downGrad_GESW) = (UpGate(matrices), UpGate(matrixGradients), Down(matrices), Down(matrixGradients));

        // The shared expert, which is all there is in a dense model, lies behind the routed ones.
        string shared = shape.Experts > 1 ? $"{name}.shared" : name;
        AddExperts(shared, t => t.select(1, shape.Routed));
        if (shape.Experts == 1) return;
        AddExperts($"{name}.experts", t => t.narrow(1, 0, shape.Routed));
        Tensor Router(Tensor all) => all.narrow(0, BackboneMemory.RouterOffset(shape, index), f.RouterParameters).view(f.Groups, shape.Routed, f.Width).transpose(1, 2);
        Add(parameters[$"{name}.router"], Router(routers), Router(smallGradients));

        void AddExperts(string part, Func<Tensor, Tensor> which)
        {
            Tensor Half(Tensor t, long first) => which(t.narrow(3, first, s));
            Add(parameters[$"{part}.up"], Half(upGate_GEWS, 0), Half(upGateGrad_GEWS, 0));
            Add(parameters[$"{part}.gate"], Half(upGate_GEWS, s), Half(upGateGrad_GEWS, s));
            Add(parameters[$"{part}.down"], which(down_GESW), which(downGrad_GESW));
        }
    }

    void Add(Tensor parameter, Tensor kernel, Tensor gradient) => pairs.Add((parameter, kernel.DetachFromDisposeScope(), gradient.DetachFromDisposeScope()));

    public void Dispose()
    {
        foreach ((_, Tensor kernel, Tensor gradient) in pairs) { kernel.Dispose(); gradient.Dispose(); }
        foreach ((_, Tensor tensor) in Buffers) tensor.Dispose();
    }
}
