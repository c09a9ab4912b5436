using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>How a backbone that trains itself starts: Xavier uniform, down matrices x 0.01, norms 1; a function of the seed alone.</summary>
static class InitialWeights
{
    internal static void Draw(Blocks blocks, ulong seed)
    {
        BackboneShape shape = blocks.Shape;
        using var plan = new LaunchPlan();
        nint uniform = blocks.Dense("uniform"), fill = blocks.Dense("fill");
        ulong part = seed * 1_000_003;
        void Uniform(ulong weights, ulong masters, long n, double bound) =>
            plan.Launch("initial weights", uniform, (1056, 1, 1), 256, 0, Of(weights), Of(masters), Of(n), Of((float)bound), Of(++part * 0x9e3779b97f4a7c15));
        for (int i = 0; i < 2 * shape.Layers; i++)
        {
            FeedForwardShape f = i % 2 == 0 ? shape.Mixing : shape.PerToken;
            (long upGate, long down) = BackboneMemory.WeightOffsets(shape, i);
            double bound = Math.Sqrt(6.0 / (f.Width + f.ExpertHidden));
            Uniform(blocks.At("weights") + (ulong)upGate * 2, blocks.At("masters") + (ulong)upGate * 4, f.UpGateParameters, bound);
            Uniform(blocks.At("weights") + (ulong)down * 2, blocks.At("masters") + (ulong)down * 4, f.DownParameters, bound * 0.01);
            if (f.RouterParameters == 0) continue;
            long router = BackboneMemory.RouterOffset(shape, i);
            Uniform(blocks.At("small.weights") + (ulong)router * 2, blocks.At("small.masters") + (ulong)router * 4, f.RouterParameters, Math.Sqrt(6.0 / (f.Width + shape.Routed)));
        }
        long gammas = BackboneMemory.Gammas(shape) * shape.Width;
        plan.Launch("initial weights", fill, (64, 1, 1), 256, 0, Of(blocks.At("small.masters")), Of(gammas), Of(1f));
        long head = BackboneMemory.HeadOffset(shape);
        Uniform(0, blocks.At("small.masters") + (ulong)head * 4, shape.Width, 1 / Math.Sqrt(shape.Width));
        plan.Run(0);
        CudaDevice.Synchronize();
    }
}
