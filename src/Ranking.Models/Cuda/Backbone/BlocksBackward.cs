using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>
/// The backward launches of the blocks: from pooled.grad [B][D] to the gradients of all weights and, in the shared rows of
/// grad.token, of the input.
/// </summary>
static class BlocksBackward
{
    internal const int GradBlocks = 264;

    /// <summary>Appends them.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="adagrad">Apply the matrices' gradients where they arise and store none; null stores them.</param>
    /// <param name="auxiliary">Whether buffers joint.grad.N hold a gradient of stream N at each residual point, to be added to its own.</param>
    internal static void Plan(LaunchPlan plan, Blocks blocks, (float Rate, float Epsilon)? adagrad, bool auxiliary = false)
    {
        BackboneShape shape = blocks.Shape;
        ulong tokenGrad = blocks.At("grad.token"), mixedGrad = blocks.At("grad.mixed"), residual = blocks.At("grad.stream"), held = blocks.At("held");
        ulong tokenShared = tokenGrad + (ulong)(shape.PerToken.SharedRow * shape.Width) * 2, mixedShared = mixedGrad + (ulong)(shape.Mixing.SharedRow * shape.Mixing.Width) * 2;
        long stream = BackboneMemory.StreamBytes(shape);
        NormGrad(plan, blocks, "norm_grad_pooled", 2 * shape.Layers, new NormGradArgs { Pooled = blocks.At("pooled.grad"), Plain = tokenShared });
        bool holds = false;     // the gradient of the residual point above
        for (int l = shape.Layers - 1; l >= 0; l--)
        {
            int above = 2 * l + 2;
            if (shape.IsResidualPoint(above))
            {
                if (auxiliary) plan.Launch("joint", blocks.Dense("add_bf16"), (1056, 1, 1), 256, 0, Of(tokenShared), Of(blocks.At($"joint.grad.{above}")), Of(stream / 16));
                plan.Copy(tokenShared, held, stream);
                holds = true;
            }
            FeedForward token = blocks.FeedForwards[2 * l + 1], mixing = blocks.FeedForwards[2 * l];
            token.Backward(plan, tokenGrad, adagrad);
            NormGrad(plan, blocks, "norm_grad_plain", 2 * l + 1, new NormGradArgs { Branch = token.GradBranch, Residual = tokenShared, Plain = residual, Mixed = mixedShared });
            mixing.Backward(plan, mixedGrad, adagrad);
            bool savedHere = holds && (l == 0 || shape.IsResidualPoint(2 * l));
            NormGrad(plan, blocks, "norm_grad_mixed", 2 * l, new NormGradArgs { Branch = mixing.GradBranch, Residual = residual, Extra = savedHere ? held : 0, Plain = tokenShared });
        }
    }

    static void NormGrad(LaunchPlan plan, Blocks blocks, string kernel, int norm, NormGradArgs args)
    {
        args.Stream = blocks.StreamAt(norm);
        args.RootInverse = blocks.RootInverse(norm);
        args.Gamma = blocks.Gamma(norm);
        args.GammaPartial = blocks.At("gamma.partial");
        (args.Batch, args.BatchPadded) = (blocks.Shape.Batch, blocks.Shape.BatchPadded);
        int width = blocks.Shape.Width;
        plan.Launch("norm grad", blocks.Norm(kernel, 0), (GradBlocks, 1, 1), blocks.NormThreads, 0, Of(args));
        blocks.SumPartials(plan, args.GammaPartial, blocks.At("small.gradients") + (ulong)norm * (ulong)width * 4, GradBlocks, width);
    }
}
