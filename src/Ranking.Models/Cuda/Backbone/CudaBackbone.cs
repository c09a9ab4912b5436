using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>
/// TokenMixer-Large's blocks (reading C), final norm, pooling and a linear head with binary cross-entropy on one Hopper card, trained
/// by Adagrad: bf16 weights and activations, float32 accumulation, masters and optimiser state. Everything that a step needs is
/// allocated here, once; a step queues a fixed list of launches. No atomics: the same inputs give the same bits.
/// </summary>
public sealed class CudaBackbone : IDisposable
{
    const float AdagradEpsilon = 1e-10f;

    readonly CudaDevice device;
    readonly DeviceBuffers buffers;
    readonly LaunchPlan inference = new(), forward = new(), backward = new(), step = new();
    readonly nint stream;
    readonly int worldSize;
    bool disposed;

    /// <summary>Allocates and initialises (Xavier uniform, down matrices x 0.01) for one shape.</summary>
    /// <param name="device">An opened card.</param>
    /// <param name="shape">Checked here.</param>
    /// <param name="seed">Of the initial weights.</param>
    /// <param name="learningRate">Adagrad's.</param>
    /// <param name="worldSize">GPUs that share the batch: gradients are scaled by 1 / (batch * worldSize). One today.</param>
    /// <exception cref="CudaException">Too little memory (the message names batch and model size), or a kernel does not build.</exception>
    public CudaBackbone(CudaDevice device, BackboneShape shape, ulong seed = 0, float learningRate = 0.01f, int worldSize = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(worldSize, 1);
        this.device = device;
        this.worldSize = worldSize;
        Shape = shape.Validate();
        MemoryPlan plan = BackboneMemory.Plan(shape);
        Bytes = plan.Total;
        buffers = new DeviceBuffers(plan, shape);
        Driver.Check(Driver.cuStreamCreate(out stream, 0), "cuStreamCreate");
        Blocks blocks = new(device, shape, buffers);
        InitialWeights.Draw(blocks, seed);
        BlocksForward.Plan(inference, blocks, keep: false);
        LinearHead.Forward(inference, blocks, loss: false);
        BlocksForward.Plan(forward, blocks, keep: true);
        LinearHead.Forward(forward, blocks, loss: true);
        BlocksForward.Plan(step, blocks, keep: true);
        LinearHead.Forward(step, blocks, loss: true);
        LinearHead.Backward(step, blocks, 1f / shape.Batch / worldSize);
        BlocksBackward.Plan(step, blocks, (learningRate, AdagradEpsilon));
        PlanUpdate(blocks, learningRate);
    }

    /// <summary>The size.</summary>
    public BackboneShape Shape { get; }

    /// <summary>Bytes of device memory held; <see cref="ForwardBackward"/> adds those of the gradients that it stores.</summary>
    public long Bytes { get; private set; }

    /// <summary>Parameters of the per-token matrices.</summary>
    public long Parameters => Shape.MatrixParameters;

    // The matrices are updated where their gradients arise (FeedForward.Backward); what is left is small.
    void PlanUpdate(Blocks blocks, float rate)
    {
        AdagradArgs small = new()
        {
            Weights = buffers["small.weights"],
            Masters = buffers["small.masters"],
            States = buffers["small.states"],
            Gradients = buffers["small.gradients"],
            Groups = BackboneMemory.Parameters(Shape).Small / 8,
            Rate = rate,
            Epsilon = AdagradEpsilon,
            Scale = 1,
        };
        step.Launch("adagrad", blocks.Dense("adagrad_float"), (blocks.Device.Multiprocessors, 1, 1), 256, 0, Of(small));
    }

    /// <summary>Copies tokens [B][T][D] and labels [B] (0 or 1) to the card.</summary>
    public void SetBatch(ReadOnlySpan<float> tokens_BTD, ReadOnlySpan<float> labels_B)
    {
        if (tokens_BTD.Length != (long)Shape.Batch * Shape.Tokens * Shape.Width)
            throw new ArgumentException($"tokens hold {tokens_BTD.Length} values; expected {Shape.Batch} x {Shape.Tokens} x {Shape.Width}");
        if (labels_B.Length != Shape.Batch) throw new ArgumentException($"labels hold {labels_B.Length} values; expected {Shape.Batch}");
        Write("input", tokens_BTD);
        Write("labels", labels_B);
    }

    /// <summary>Logits [B] of the batch that was set; nothing is kept for a backward pass.</summary>
    public void Infer() => inference.Run(stream);

    /// <summary>Forward and backward of the batch that was set; gradients stay on the card.</summary>
    public void ForwardBackward()
    {
        StoreGradients();
        forward.Run(stream);
        backward.Run(stream);
    }

    /// <summary>Makes room for the matrices' gradients and the plan that stores them, at the first call.</summary>
    internal void StoreGradients()
    {
        if (buffers.Has("gradients")) return;
        long bytes = BackboneMemory.Parameters(Shape).Matrices * 2;
        buffers.Add("gradients", bytes, Shape);
        Bytes += bytes;
        Blocks blocks = new(device, Shape, buffers);
        LinearHead.Backward(backward, blocks, 1f / Shape.Batch / worldSize);
        BlocksBackward.Plan(backward, blocks, null);
    }

    /// <summary>Forward, backward and one Adagrad step. The matrices' gradients are applied as they arise and not stored.</summary>
    public void Step() => step.Run(stream);

    /// <summary>As <see cref="Step"/>, as one CUDA graph.</summary>
    public void StepGraph() => step.RunGraph(stream);

    /// <summary>As <see cref="Infer"/>, as one CUDA graph.</summary>
    public void InferGraph() => inference.RunGraph(stream);

    /// <summary>The stream that everything here is queued on.</summary>
    public nint Stream => stream;

    /// <summary>Device address of the input [B][T][D] float32, to be filled without a copy through the host.</summary>
    public nint InputAddress => (nint)buffers["input"];

    /// <summary>Mean loss of the last forward pass; waits for it.</summary>
    public float Loss() => Read<float>("loss", 1)[0];

    /// <summary>Logits [B] of the last forward pass; waits for them.</summary>
    public float[] Logits() => Read<float>("logits", Shape.Batch);

    /// <summary>Milliseconds by kind of launch of one step, each launch timed alone.</summary>
    public IReadOnlyDictionary<string, double> ProfileStep() => step.Profile(stream);

    internal T[] Read<T>(string name, long count, long offset = 0) where T : unmanaged
    {
        Driver.Check(Driver.cuStreamSynchronize(stream), "waiting for the stream");
        return buffers.Read<T>(name, count, offset);
    }

    internal void Write<T>(string name, ReadOnlySpan<T> values, long offset = 0) where T : unmanaged
    {
        Driver.Check(Driver.cuStreamSynchronize(stream), "waiting for the stream");
        buffers.Write(name, values, offset);
    }

    /// <summary>Frees the card's memory.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        _ = Driver.cuStreamSynchronize(stream);
        foreach (LaunchPlan plan in (LaunchPlan[])[inference, forward, backward, step]) plan.Dispose();
        _ = Driver.cuStreamDestroy_v2(stream);
        buffers.Dispose();
    }
}
