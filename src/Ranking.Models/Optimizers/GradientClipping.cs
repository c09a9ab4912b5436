using Ranking.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Optimizers;

/// <summary>The norm of the dense gradient and its scaling.</summary>
static class GradientClipping
{
    /// <summary>The squares of the dense parameters' gradients, summed: a float64 scalar on their device, in the caller's dispose scope.</summary>
    public static Tensor Squared(IEnumerable<Tensor> parameters)
    {
        using IDisposable _ = no_grad();
        Tensor[] squares = [.. parameters.Select(p => p.grad).OfType<Tensor>().Select(Square)];
        return squares.Length > 0 ? stack(squares, 0).to(ScalarType.Float64).sum() : zeros(1, ScalarType.Float64);

        static Tensor Square(Tensor gradient)
        {
            using Tensor product = gradient * gradient;
            return product.sum();
        }
    }

    /// <summary>Multiplies the dense gradients; the rows' are scaled as they are applied.</summary>
    public static void Scale(IEnumerable<Tensor> parameters, double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        foreach (Tensor gradient in parameters.Select(p => p.grad).OfType<Tensor>()) gradient.mul_(Scalars.Held(factor));
    }
}
