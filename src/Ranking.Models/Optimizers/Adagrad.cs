using Ranking.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Optimizers;

/// <summary>Adagrad by PyTorch's formula: <c>sum += g²</c>, <c>p −= lr · g / (√sum + ε)</c>; sums start at zero.</summary>
public sealed class Adagrad : IDenseOptimizer
{
    readonly double epsilon;
    readonly (string Name, Tensor Parameter, Tensor Sum)[] slots;

    /// <summary>Over all parameters of a set.</summary>
    public Adagrad(ParameterSet parameters, double epsilon = 1e-10)
    {
        this.epsilon = epsilon;
        using IDisposable _ = no_grad();
        slots = [.. parameters.ParameterNames.Select(name => (name, parameters[name], zeros_like(parameters[name]).DetachFromDisposeScope()))];
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State => slots.Select(s => ($"{s.Name}.sum", s.Sum));

    /// <inheritdoc/>
    public void Step(double learningRate)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        foreach ((string _, Tensor parameter, Tensor sum) in slots)
        {
            if (parameter.grad is not { } gradient) continue;
            sum.addcmul_(gradient, gradient, 1);
            parameter.addcdiv_(gradient, sum.sqrt().add_(epsilon), -learningRate);
            parameter.grad = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in slots) slot.Sum.Dispose();
    }
}
