using Ranking.Models.Networks;
using static TorchSharp.torch;

namespace Ranking.Models.Cuda;

/// <summary>
/// TokenMixer-Large's blocks, final norm and mean over tokens on the kernels, as a part of a TorchSharp model that trains: tokenizer,
/// towers, loss and optimiser stay torch's. bf16 weights and activations, float32 accumulation.
/// </summary>
/// <remarks>
/// Nothing here is in autograd's graph. The forward pass ends in leaves; once the loss has left its gradients on them, the rest of the
/// backward pass (<see cref="ForwardPass.AfterBackward"/>) runs the backward kernels and continues in the tokenizer's graph.
/// Letters: T tokens, B examples, P padded batch, D token width.
/// </remarks>
sealed class TrainedBlocks : IDisposable
{
    readonly CudaDevice card;
    readonly BackboneShape shape;
    readonly BlockWeights weights;
    readonly DeviceBuffers buffers;
    readonly LaunchPlan forward = new(), backward = new();
    readonly Tensor input_BTD, pooled_BD, pooledGrad_BD, tokenGrad_RD;
    readonly List<(int Norm, Tensor Stream_TPD, Tensor Grad_TPD)> joints = [];

    /// <summary>Allocates for batches of up to the shape's batch.</summary>
    /// <exception cref="CudaException">The card's memory is too small, or a kernel does not build.</exception>
    internal TrainedBlocks(CudaDevice card, BackboneShape shape, ParameterSet parameters)
    {
        (this.card, this.shape) = (card, shape);
        card.Use();
        using IDisposable _ = no_grad();
        Tensor Zeros(ScalarType type, params long[] sizes) => zeros(sizes, type, parameters.Device).DetachFromDisposeScope();
        long batch = shape.Batch, width = shape.Width;
        weights = new BlockWeights(shape, parameters);
        input_BTD = Zeros(ScalarType.Float32, batch, shape.Tokens, width);
        (pooled_BD, pooledGrad_BD) = (Zeros(ScalarType.Float32, batch, width), Zeros(ScalarType.Float32, batch, width));
        tokenGrad_RD = Zeros(ScalarType.BFloat16, shape.PerToken.Rows, width);
        List<(string Name, Tensor Tensor)> own = [.. weights.Buffers, ("input", input_BTD), ("pooled", pooled_BD), ("pooled.grad", pooledGrad_BD), ("grad.token", tokenGrad_RD)];
        for (int norm = 1; norm <= 2 * shape.Layers; norm++)
        {
            if (!shape.IsResidualPoint(norm)) continue;
            Tensor Stream() => Zeros(ScalarType.BFloat16, shape.Tokens, shape.BatchPadded, width);
            joints.Add((norm, Stream(), Stream()));
            own.AddRange([($"stream.{norm}", joints[^1].Stream_TPD), ($"joint.grad.{norm}", joints[^1].Grad_TPD)]);
        }
        MemoryPlan plan = new(own.Select(b => b.Name).ToHashSet());
        BackboneMemory.AddBlocks(plan, shape);
        buffers = new DeviceBuffers(plan, shape, own.ToDictionary(b => b.Name, b => DevicePointer.Of(b.Tensor)));
        Blocks blocks = new(card, shape, buffers);
        BlocksForward.Plan(forward, blocks, keep: true);
        BlocksBackward.Plan(backward, blocks, adagrad: null, auxiliary: joints.Count > 0);
        CudaDevice.Synchronize();
    }

    /// <summary>Most examples of a batch.</summary>
    internal int Capacity => shape.Batch;

    /// <summary>From tokens to the pooled vector and the streams at the joints, all float32 leaves; the pass continues the backward pass from them.</summary>
    internal (Tensor Pooled_BD, IReadOnlyList<Tensor> Joints_TBD) Forward(Tensor x_TBD, ForwardPass pass)
    {
        long batch = x_TBD.shape[1];
        card.Use();
        Tensor pooled;
        List<Tensor> streams = [];
        using (no_grad())
        {
            weights.Refresh();
            input_BTD.narrow(0, 0, batch).copy_(x_TBD.permute(1, 0, 2));
            ZeroRest(input_BTD, 0, batch);
            forward.Run(0);
            pooled = pooled_BD.narrow(0, 0, batch).clone();
            foreach ((_, Tensor stream, _) in joints) streams.Add(stream.narrow(1, 0, batch).to(ScalarType.Float32));
        }
        pooled.requires_grad_(true);
        foreach (Tensor stream in streams) stream.requires_grad_(true);
        pass.AfterBackward(() => Backward(x_TBD, pooled, streams));
        return (pooled, streams);
    }

    void Backward(Tensor x_TBD, Tensor pooled_BD, IReadOnlyList<Tensor> streams)
    {
        long batch = x_TBD.shape[1];
        card.Use();
        Tensor gradient_TBD;
        using (no_grad())
        {
            pooledGrad_BD.narrow(0, 0, batch).copy_(pooled_BD.grad!);
            ZeroRest(pooledGrad_BD, 0, batch);
            foreach (((_, _, Tensor grad), Tensor stream) in joints.Zip(streams))
            {
                grad.narrow(1, 0, batch).copy_(stream.grad!);
                ZeroRest(grad, 1, batch);
            }
            backward.Run(0);
            weights.GiveGradients();
            long rows = (long)shape.Tokens * shape.BatchPadded;
            gradient_TBD = tokenGrad_RD.narrow(0, shape.PerToken.SharedRow, rows).view(shape.Tokens, shape.BatchPadded, shape.Width)
                .narrow(1, 0, batch).to(ScalarType.Float32);
        }
        x_TBD.backward([gradient_TBD]);
    }

    // The last batch of a pass is smaller: examples that are not there have no input and no gradient.
    void ZeroRest(Tensor tensor, int dimension, long batch)
    {
        if (batch < Capacity) tensor.narrow(dimension, batch, Capacity - batch).zero_();
    }

    /// <summary>Frees the card's memory.</summary>
    public void Dispose()
    {
        card.Use();
        CudaDevice.Synchronize();
        forward.Dispose();
        backward.Dispose();
        buffers.Dispose();
        weights.Dispose();
        foreach (Tensor tensor in (Tensor[])[input_BTD, pooled_BD, pooledGrad_BD, tokenGrad_RD, .. joints.SelectMany(j => (Tensor[])[j.Stream_TPD, j.Grad_TPD])]) tensor.Dispose();
    }
}
