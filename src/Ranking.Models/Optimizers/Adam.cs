using Ranking.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Optimizers;

/// <summary>
/// Adam, and AdamW where <c>decay</c> is not coupled to the gradient, by PyTorch's formula: <c>m = β1 m + (1−β1) g</c>,
/// <c>v = β2 v + (1−β2) g²</c>, <c>p −= lr / (1−β1^t) · m / (√v / √(1−β2^t) + ε)</c>.
/// </summary>
public sealed class Adam : IDenseOptimizer
{
    const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;
    readonly double decay;
    readonly bool decoupled;
    readonly Tensor steps;
    readonly (string Name, Tensor Parameter, Tensor Mean, Tensor Square)[] slots;

    /// <summary>Over all parameters of a set.</summary>
    /// <param name="parameters">The set.</param>
    /// <param name="decay">L2 decay.</param>
    /// <param name="decoupled">AdamW: decay shrinks the weights (p −= lr · decay · p); Adam: it joins the gradient.</param>
    public Adam(ParameterSet parameters, double decay = 0, bool decoupled = false)
    {
        (this.decay, this.decoupled) = (decay, decoupled);
        using IDisposable _ = no_grad();
        steps = zeros(1, ScalarType.Int64).DetachFromDisposeScope();
        slots = [.. parameters.ParameterNames.Select(name => (name, parameters[name],
            zeros_like(parameters[name]).DetachFromDisposeScope(), zeros_like(parameters[name]).DetachFromDisposeScope()))];
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        slots.SelectMany(s => new[] { ($"{s.Name}.mean", s.Mean), ($"{s.Name}.square", s.Square) }).Append(("steps", steps));

    /// <inheritdoc/>
    public void Step(double learningRate)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        long step = steps.add_(Scalars.Held(1L), Scalars.Held(1L)).item<long>();
        double root = Math.Sqrt(1 - Math.Pow(Beta2, step)), size = learningRate / (1 - Math.Pow(Beta1, step));
        foreach ((string _, Tensor parameter, Tensor mean, Tensor square) in slots)
        {
            if (parameter.grad is not { } gradient) continue;
            if (decay != 0 && decoupled) parameter.mul_(Scalars.Held(1 - learningRate * decay));
            else if (decay != 0) gradient = gradient.add(parameter, Scalars.Held(decay));
            mean.mul_(Scalars.Held(Beta1)).add_(gradient, Scalars.Held(1 - Beta1));
            square.mul_(Scalars.Held(Beta2)).addcmul_(gradient, gradient, Scalars.Held(1 - Beta2));
            parameter.addcdiv_(mean, square.sqrt().div_(Scalars.Held(root)).add_(Scalars.Held(Epsilon), Scalars.Held(1L)), Scalars.Held(-size));
            parameter.grad = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        steps.Dispose();
        foreach (var slot in slots)
        {
            slot.Mean.Dispose();
            slot.Square.Dispose();
        }
    }
}
