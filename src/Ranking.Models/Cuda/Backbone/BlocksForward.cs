using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>The forward launches of the blocks: input [B][T][D] float32 to pooled [B][D], the mean over tokens of the final norm.</summary>
static class BlocksForward
{
    /// <summary>Appends them; with <paramref name="keep"/> what the backward pass reads is kept.</summary>
    internal static void Plan(LaunchPlan plan, Blocks blocks, bool keep)
    {
        BackboneShape shape = blocks.Shape;
        int norms = 2 * shape.Layers, saved = 0;
        for (int i = 0; i <= norms; i++)
        {
            FeedForwardShape next = i % 2 == 0 ? shape.Mixing : shape.PerToken;
            AddNormArgs args = new()
            {
                Base = i == 0 ? blocks.At("input") : blocks.StreamAt(i - 1),
                Branch = i == 0 ? default : blocks.FeedForwards[i - 1].OutBranch,
                Gamma = blocks.Gamma(i),
                Sum = blocks.StreamAt(i),
                RootInverse = blocks.RootInverse(i),
                Normed = i < norms ? blocks.At($"rows.{i}") : 0,
                NormedShared = next.SharedRow,
                Pooled = i == norms ? blocks.At("pooled") : 0,
                BatchPadded = shape.BatchPadded,
                Epsilon = shape.NormEpsilon,
            };
            if (shape.IsResidualPoint(i)) { args.Extra = blocks.StreamAt(saved); saved = i; }
            string kernel = i == 0 ? "input_norm_mix" : i == norms ? "add_norm_pool" : i % 2 == 1 ? "revert_add_norm" : "add_norm_mix";
            int shared = i == norms ? blocks.NormThreads / 32 * shape.Width * 4 : 0;
            plan.Launch("norm", blocks.Norm(kernel, shared), (shape.Batch, 1, 1), blocks.NormThreads, shared, Of(args));
            if (i < norms) blocks.FeedForwards[i].Forward(plan, keep);
        }
    }
}
