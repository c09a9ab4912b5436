using Ranking.Models.Networks;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Optimizers;

/// <summary>The norm of a whole gradient, dense and sparse together, and its scaling.</summary>
static class GradientClipping
{
    /// <summary>The Euclidean norm over the dense parameters' gradients and those of the batch's rows.</summary>
    public static double Norm(IEnumerable<Tensor> parameters, IEnumerable<IdTable> tables)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        Tensor[] squares = [.. parameters.Select(p => p.grad).OfType<Tensor>().Select(g => (g * g).sum())];
        double sum = squares.Length > 0 ? stack(squares, 0).to(ScalarType.Float64).sum().item<double>() : 0;
        return Math.Sqrt(sum + tables.Sum(t => t.SquaredGradientNorm()));
    }

    /// <summary>Multiplies the dense gradients; the rows' are scaled as they are applied.</summary>
    public static void Scale(IEnumerable<Tensor> parameters, double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        foreach (Tensor gradient in parameters.Select(p => p.grad).OfType<Tensor>()) gradient.mul_(Scalars.Held(factor));
    }
}
