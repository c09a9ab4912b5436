namespace Ranking.Models.Cuda;

/// <summary>All buffers of a <see cref="CudaBackbone"/>: flat parameters (one optimiser pass), kept activations, scratch that layers share.</summary>
public static class BackboneMemory
{
    /// <summary>RMSNorms: two a block and the final one.</summary>
    public static int Gammas(BackboneShape shape) => 2 * shape.Layers + 1;

    /// <summary>Offsets, in elements, of a feed-forward's two weight tensors in the flat matrices; feed-forward 2l mixes, 2l + 1 is per token.</summary>
    public static (long UpGate, long Down) WeightOffsets(BackboneShape shape, int index)
    {
        long at = index / 2 * (shape.Mixing.Parameters + shape.PerToken.Parameters);
        FeedForwardShape own = shape.Mixing;
        if (index % 2 == 1)
        {
            at += own.Parameters;
            own = shape.PerToken;
        }
        return (at, at + own.UpGateParameters);
    }

    /// <summary>Offset, in elements, of a feed-forward's routers in the flat small parameters, which begin with the norms' gammas.</summary>
    public static long RouterOffset(BackboneShape shape, int index) => (long)Gammas(shape) * shape.Width
        + index / 2 * (shape.Mixing.RouterParameters + shape.PerToken.RouterParameters) + (index % 2 == 1 ? shape.Mixing.RouterParameters : 0);

    /// <summary>Offset, in elements, of the head's weight [D] and, after it, bias.</summary>
    public static long HeadOffset(BackboneShape shape) => RouterOffset(shape, 2 * shape.Layers);

    /// <summary>Elements of the flat matrices and of the flat small parameters (norms, routers, head), padded to whole groups of 8.</summary>
    public static (long Matrices, long Small) Parameters(BackboneShape shape) => (Pad(shape.MatrixParameters), Pad(HeadOffset(shape) + shape.Width + 1));

    static long Pad(long elements) => (elements + 7) / 8 * 8;

    /// <summary>Bytes of a stream, bf16 [T][padded batch][D].</summary>
    public static long StreamBytes(BackboneShape shape) => (long)shape.Tokens * shape.BatchPadded * shape.Width * 2;

    /// <summary>
    /// Every buffer of a backbone that trains itself: parameters with Adagrad's state, blocks, head. The matrices' gradients are not
    /// among them: a step applies them where they arise.
    /// </summary>
    public static MemoryPlan Plan(BackboneShape shape)
    {
        var plan = new MemoryPlan();
        (long big, long small) = Parameters(shape);
        plan.Add("weights", big * 2);
        plan.Add("masters", big * 4);
        plan.Add("states", big * 4);
        plan.Add("small.weights", small * 2);
        plan.Add("small.masters", small * 4);
        plan.Add("small.states", small * 4);
        plan.Add("small.gradients", small * 4);
        AddBlocks(plan, shape);
        plan.Add("labels", shape.Batch * 4L);
        plan.Add("head.partial", (long)LinearHead.GradBlocks * (shape.Width + 1) * 4);
        plan.Add("logits", shape.Batch * 4L);
        plan.Add("losses", shape.Batch * 4L);
        plan.Add("logit.grads", shape.Batch * 4L);
        plan.Add("loss", 4);
        return plan;
    }

    /// <summary>Adds what the blocks need beside their parameters: streams, what is kept for the backward pass, scratch that layers share.</summary>
    public static void AddBlocks(MemoryPlan plan, BackboneShape shape)
    {
        FeedForwardShape mixing = shape.Mixing, token = shape.PerToken;
        long stream = StreamBytes(shape);
        plan.Add("input", (long)shape.Batch * shape.Tokens * shape.Width * 4);
        for (int i = 0; i <= 2 * shape.Layers; i++) plan.Add($"stream.{i}", stream);
        plan.Add("root.inverse", (long)Gammas(shape) * shape.Tokens * shape.BatchPadded * 4);
        for (int i = 0; i < 2 * shape.Layers; i++)
        {
            FeedForwardShape f = i % 2 == 0 ? mixing : token;
            long routings = shape.Experts > 1 ? (long)f.Groups * shape.BatchPadded * shape.Slots : 0;
            plan.Add($"rows.{i}", f.Rows * f.Width * 2);
            plan.Add($"gate.{i}", f.GateBytes);
            plan.Add($"activation.{i}", f.Rows * f.ExpertHidden * 2);
            plan.Add($"tiles.{i}", f.Tiles * 4L);
            plan.Add($"ranges.{i}", f.WeightGroups * 16L);
            plan.Add($"chosen.{i}", routings);
            plan.Add($"gates.{i}", routings * 4);
            plan.Add($"slots.{i}", routings * 4);
            plan.Add($"source.{i}", f.SharedRow * 4);
            plan.Add($"scale.{i}", shape.Experts > 1 ? f.Rows * 4 : 0);
        }

        long Most(Func<FeedForwardShape, long> of) => Math.Max(of(mixing), of(token));
        plan.Add("out", Most(f => f.Rows * f.Width * 2));
        plan.Add("hidden.grad", Most(f => f.Rows * f.ExpertHidden * 4));
        plan.Add("grad.token", token.Rows * token.Width * 2);
        plan.Add("grad.mixed", mixing.Rows * mixing.Width * 2);
        plan.Add("grad.stream", stream);
        plan.Add("held", shape.Layers > shape.ResidualGap ? stream : 0);
        plan.Add("gate.grad", shape.Experts > 1 ? Most(f => (f.ExpertHidden + 255) / 256 * f.Rows * 4) : 0);
        plan.Add("logit.grad", shape.Experts > 1 ? Most(f => (long)f.Groups * shape.BatchPadded * 32) : 0);
        plan.Add("router.partial.mixing", FeedForward.RouterPartialFloats(mixing) * 4);
        plan.Add("router.partial.token", FeedForward.RouterPartialFloats(token) * 4);
        plan.Add("gamma.partial", (long)BlocksBackward.GradBlocks * shape.Width * 4);
        plan.Add("pooled", (long)shape.Batch * shape.Width * 4);
        plan.Add("pooled.grad", (long)shape.Batch * shape.Width * 4);
    }
}
