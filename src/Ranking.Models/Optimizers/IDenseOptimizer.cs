using static TorchSharp.torch;

namespace Ranking.Models.Optimizers;

/// <summary>Moves the dense parameters against their gradients.</summary>
public interface IDenseOptimizer : IDisposable
{
    /// <summary>One step with that learning rate. Parameters without a gradient stay; gradients are dropped.</summary>
    void Step(double learningRate);

    /// <summary>What a checkpoint holds, by name; reading a checkpoint overwrites these tensors in place.</summary>
    IEnumerable<(string Name, Tensor Tensor)> State { get; }
}
