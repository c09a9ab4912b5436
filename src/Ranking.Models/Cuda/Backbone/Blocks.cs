using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>What the forward and the backward launches of the blocks share: sizes, addresses, feed-forwards.</summary>
sealed class Blocks
{
    readonly DeviceBuffers at;

    internal Blocks(CudaDevice device, BackboneShape shape, DeviceBuffers buffers)
    {
        (Device, Shape, at) = (device, shape, buffers);
        FeedForwards = [.. Enumerable.Range(0, 2 * shape.Layers).Select(MakeFeedForward)];
    }

    internal CudaDevice Device { get; }

    internal BackboneShape Shape { get; }

    /// <summary>2l mixes, 2l + 1 is per token.</summary>
    internal IReadOnlyList<FeedForward> FeedForwards { get; }

    internal ulong At(string name) => at[name];

    internal ulong Gamma(int norm) => At("small.masters") + (ulong)norm * (ulong)Shape.Width * 4;

    internal ulong RootInverse(int norm) => At("root.inverse") + (ulong)norm * (ulong)Shape.Tokens * (ulong)Shape.BatchPadded * 4;

    /// <summary>The stream before norm i: 2l is X_l, 2l + 1 is Y_l, 2L the output.</summary>
    internal ulong StreamAt(int norm) => At($"stream.{norm}");

    internal int NormThreads => 32 * Math.Min(Shape.Tokens, Shape.Width <= 1024 ? 16 : 8);

    internal nint Norm(string kernel, int shared) => Device.Kernel("norm.cu", kernel, shared,
        $"TOKENS={Shape.Tokens}", $"WIDTH={Shape.Width}", $"MIXED_TOKENS={Shape.Mixed}", $"SLOTS={Shape.Slots}", $"EXPERTS={Shape.Routed}");

    internal nint Dense(string kernel) => Device.Kernel("dense.cu", kernel, 0);

    /// <summary>target[i] = sum over count rows of partial.</summary>
    internal void SumPartials(LaunchPlan plan, ulong partial, ulong target, int count, int width) =>
        plan.Launch("sums", Dense("sum_partials"), ((width + 255) / 256, 1, 1), 256, 0, Of(partial), Of(target), Of(count), Of(width));

    // Masters and states are for Adagrad's epilogue, gradients for the plan that stores them.
    ulong Optional(string name) => at.Has(name) ? at[name] : 0;

    FeedForward MakeFeedForward(int index)
    {
        FeedForwardShape f = index % 2 == 0 ? Shape.Mixing : Shape.PerToken;
        (long upGate, long down) = BackboneMemory.WeightOffsets(Shape, index);
        long router = BackboneMemory.RouterOffset(Shape, index);
        string own = $".{index}", kind = index % 2 == 0 ? ".mixing" : ".token";
        at.Write<int>($"tiles{own}", f.TileGroups());
        at.Write<int>($"ranges{own}", f.Ranges());
        if (Shape.Experts > 1)
        {
            using var once = new LaunchPlan();
            long shared = (long)f.Groups * Shape.BatchPadded;
            once.Launch("fill", Dense("fill"), (264, 1, 1), 256, 0, Of(at[$"scale{own}"] + (ulong)f.SharedRow * 4), Of(shared), Of(1f));
            once.Run(0);
            CudaDevice.Synchronize();
        }
        return new FeedForward(Device, f, new FeedForwardBuffers
        {
            UpGate = at["weights"] + (ulong)upGate * 2,
            Down = at["weights"] + (ulong)down * 2,
            UpGateMasters = Optional("masters") + (ulong)upGate * 4,
            UpGateStates = Optional("states") + (ulong)upGate * 4,
            DownMasters = Optional("masters") + (ulong)down * 4,
            DownStates = Optional("states") + (ulong)down * 4,
            UpGateGrad = Optional("gradients") + (ulong)upGate * 2,
            DownGrad = Optional("gradients") + (ulong)down * 2,
            Router = at["small.weights"] + (ulong)router * 2,
            RouterGrad = at["small.gradients"] + (ulong)router * 4,
            Rows = at[$"rows{own}"],
            Gate = at[$"gate{own}"],
            TileGroups = at[$"tiles{own}"],
            Ranges = at[$"ranges{own}"],
            Activation = at[$"activation{own}"],
            Out = at["out"],
            HiddenGrad = at["hidden.grad"],
            Chosen = at[$"chosen{own}"],
            Gates = at[$"gates{own}"],
            Slots = at[$"slots{own}"],
            Source = at[$"source{own}"],
            RowScale = at[$"scale{own}"],
            GateGrad = at["gate.grad"],
            LogitGrad = at["logit.grad"],
            RouterPartial = at[$"router.partial{kind}"],
        });
    }
}
