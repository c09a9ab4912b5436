using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>The launches of one linear layer on the pooled tokens with binary cross-entropy.</summary>
static class LinearHead
{
    internal const int GradBlocks = 132;

    /// <summary>Appends logits and, with <paramref name="loss"/>, the mean loss.</summary>
    internal static void Forward(LaunchPlan plan, Blocks blocks, bool loss)
    {
        int batch = blocks.Shape.Batch;
        plan.Launch("head", blocks.Dense("head_loss"), ((batch + 7) / 8, 1, 1), 256, 0, Of(Arguments(blocks, 1f / batch) with { Labels = loss ? blocks.At("labels") : 0 }));
        if (loss) plan.Launch("head", blocks.Dense("mean"), (1, 1, 1), 1024, 0, Of(blocks.At("losses")), Of(blocks.At("loss")), Of(batch));
    }

    /// <summary>Appends the gradients of weight, bias and pooled tokens.</summary>
    internal static void Backward(LaunchPlan plan, Blocks blocks, float gradScale)
    {
        (int batch, int width) = (blocks.Shape.Batch, blocks.Shape.Width);
        plan.Launch("head", blocks.Dense("head_loss"), ((batch + 7) / 8, 1, 1), 256, 0, Of(Arguments(blocks, gradScale)));
        plan.Launch("head", blocks.Dense("head_grad"), (GradBlocks, 1, 1), 256, 0,
            Of(blocks.At("pooled")), Of(blocks.At("logit.grads")), Of(blocks.At("head.partial")), Of(batch), Of(width));
        blocks.SumPartials(plan, blocks.At("head.partial"), blocks.At("small.gradients") + (ulong)BackboneMemory.HeadOffset(blocks.Shape) * 4, GradBlocks, width + 1);
    }

    static HeadArgs Arguments(Blocks blocks, float gradScale)
    {
        ulong weight = blocks.At("small.masters") + (ulong)BackboneMemory.HeadOffset(blocks.Shape) * 4;
        return new HeadArgs
        {
            Pooled = blocks.At("pooled"),
            Weight = weight,
            Bias = weight + (ulong)blocks.Shape.Width * 4,
            Labels = blocks.At("labels"),
            Logits = blocks.At("logits"),
            Losses = blocks.At("losses"),
            LogitGrads = blocks.At("logit.grads"),
            PooledGrad = blocks.At("pooled.grad"),
            GradScale = gradScale,
            Batch = blocks.Shape.Batch,
            Width = blocks.Shape.Width,
        };
    }
}
