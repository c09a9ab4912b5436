using Ranking.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Optimizers;

/// <summary>Adagrad by PyTorch's formula: <c>sum += g²</c>, <c>p −= lr · g / (√sum + ε)</c>; sums start at zero.</summary>
public sealed class Adagrad : IDenseOptimizer
{
    readonly double epsilon, decay;
    readonly (string Name, Tensor Parameter, Tensor Sum)[] slots;

    /// <summary>Over all parameters of a set.</summary>
    /// <param name="parameters">The set.</param>
    /// <param name="epsilon">Beside the root.</param>
    /// <param name="decay">L2 decay: it joins the gradient.</param>
    public Adagrad(ParameterSet parameters, double epsilon = 1e-10, double decay = 0)
    {
        (this.epsilon, this.decay) = (epsilon, decay);
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
            if (decay != 0) gradient = gradient.add(parameter, Scalars.Held(decay));
            sum.addcmul_(gradient, gradient, Scalars.Held(1));
            parameter.addcdiv_(gradient, sum.sqrt().add_(Scalars.Held(epsilon), Scalars.Held(1L)), Scalars.Held(-learningRate));
            parameter.grad = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in slots) slot.Sum.Dispose();
    }
}
