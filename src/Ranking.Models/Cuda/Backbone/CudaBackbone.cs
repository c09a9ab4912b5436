using static Ranking.Models.Cuda.LaunchPlan;

namespace Ranking.Models.Cuda;

/// <summary>
/// TokenMixer-Large's blocks (reading C), final norm, pooling and a linear head with binary cross-entropy on one Hopper card, trained
/// by Adagrad: bf16 weights and activations, float32 accumulation, masters and optimiser state. Everything that a step needs is
/// allocated here, once; a step queues a fixed list of launches. No atomics: the same inputs give the same bits.
/// </summary>
public sealed unsafe class CudaBackbone : IDisposable
{
    const int GradBlocks = 264;
    const float AdagradEpsilon = 1e-10f;

    readonly CudaDevice device;
    readonly MemoryPlan memory;
    readonly ulong start;
    readonly LaunchPlan inference = new(), forward = new(), backward = new(), fusedBackward = new(), update = new();
    readonly nint stream;
    readonly FeedForward[] feedForwards;
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
        Shape = shape.Validate();
        memory = BackboneMemory.Plan(shape);
        Driver.Check(Driver.cuMemGetInfo_v2(out nuint free, out nuint total), "cuMemGetInfo");
        if ((ulong)memory.Total > free || Driver.cuMemAlloc_v2(out start, (nuint)memory.Total) != 0)
            throw new CudaException($"out of GPU memory: batch {shape.Batch} with {shape.MatrixParameters / 1e6:0} M parameters needs {memory.Total / 1073741824.0:0.0} GiB; "
                + $"{free / 1073741824.0:0.0} of {total / 1073741824.0:0.0} GiB are free. Use a smaller batch or model");
        Driver.Check(Driver.cuMemsetD8_v2(start, 0, (nuint)memory.Total), "clearing memory");
        Driver.Check(Driver.cuStreamCreate(out stream, 0), "cuStreamCreate");
        feedForwards = [.. Enumerable.Range(0, 2 * shape.Layers).Select(MakeFeedForward)];
        Initialise(seed);
        PlanForward(inference, keep: false);
        PlanForward(forward, keep: true);
        PlanBackward(backward, 1f / shape.Batch / worldSize, null);
        PlanBackward(fusedBackward, 1f / shape.Batch / worldSize, (learningRate, AdagradEpsilon));
        PlanUpdate(learningRate);
    }

    /// <summary>The size.</summary>
    public BackboneShape Shape { get; }

    /// <summary>Bytes of device memory held.</summary>
    public long Bytes => memory.Total;

    /// <summary>Parameters of the per-token matrices.</summary>
    public long Parameters => Shape.MatrixParameters;

    ulong At(string name) => start + (ulong)memory[name].Offset;

    FeedForward MakeFeedForward(int index)
    {
        FeedForwardShape f = index % 2 == 0 ? Shape.Mixing : Shape.PerToken;
        (long upGate, long down) = BackboneMemory.WeightOffsets(Shape, index);
        long router = BackboneMemory.RouterOffset(Shape, index);
        string own = $".{index}", kind = index % 2 == 0 ? ".mixing" : ".token";
        Upload($"tiles{own}", f.TileGroups());
        Upload($"ranges{own}", f.Ranges());
        if (Shape.Experts > 1)
        {
            nint fill = device.Kernel("dense.cu", "fill", 0);
            using var once = new LaunchPlan();
            long shared = (long)f.Groups * Shape.BatchPadded;
            once.Launch("fill", fill, (264, 1, 1), 256, 0, Of(At($"scale{own}") + (ulong)f.SharedRow * 4), Of(shared), Of(1f));
            once.Run(0);
            CudaDevice.Synchronize();
        }
        return new FeedForward(device, f, new FeedForwardBuffers
        {
            UpGate = At("weights") + (ulong)upGate * 2,
            Down = At("weights") + (ulong)down * 2,
            UpGateMasters = At("masters") + (ulong)upGate * 4,
            UpGateStates = At("states") + (ulong)upGate * 4,
            DownMasters = At("masters") + (ulong)down * 4,
            DownStates = At("states") + (ulong)down * 4,
            UpGateGrad = At("gradients") + (ulong)upGate * 2,
            DownGrad = At("gradients") + (ulong)down * 2,
            Router = At("small.weights") + (ulong)router * 2,
            RouterGrad = At("small.gradients") + (ulong)router * 4,
            Rows = At($"rows{own}"),
            Kept = At($"kept{own}"),
            TileGroups = At($"tiles{own}"),
            Ranges = At($"ranges{own}"),
            Activation = At(Shape.Experts == 1 ? $"activation{own}" : "activation"),
            Out = At("out"),
            HiddenGrad = At("hidden.grad"),
            Chosen = At($"chosen{own}"),
            Gates = At($"gates{own}"),
            Slots = At($"slots{own}"),
            Source = At($"source{own}"),
            RowScale = At($"scale{own}"),
            GateGrad = At("gate.grad"),
            LogitGrad = At("logit.grad"),
            RouterPartial = At($"router.partial{kind}"),
        });
    }

    void Initialise(ulong seed)
    {
        using var plan = new LaunchPlan();
        nint uniform = device.Kernel("dense.cu", "uniform", 0), fill = device.Kernel("dense.cu", "fill", 0);
        ulong part = seed * 1_000_003;
        void Uniform(ulong weights, ulong masters, long n, double bound) =>
            plan.Launch("initial weights", uniform, (1056, 1, 1), 256, 0, Of(weights), Of(masters), Of(n), Of((float)bound), Of(++part * 0x9e3779b97f4a7c15));
        for (int i = 0; i < 2 * Shape.Layers; i++)
        {
            FeedForwardShape f = i % 2 == 0 ? Shape.Mixing : Shape.PerToken;
            (long upGate, long down) = BackboneMemory.WeightOffsets(Shape, i);
            double bound = Math.Sqrt(6.0 / (f.Width + f.ExpertHidden));
            Uniform(At("weights") + (ulong)upGate * 2, At("masters") + (ulong)upGate * 4, f.UpGateParameters, bound);
            Uniform(At("weights") + (ulong)down * 2, At("masters") + (ulong)down * 4, f.DownParameters, bound * 0.01);
            if (f.RouterParameters == 0) continue;
            long router = BackboneMemory.RouterOffset(Shape, i);
            Uniform(At("small.weights") + (ulong)router * 2, At("small.masters") + (ulong)router * 4, f.RouterParameters, Math.Sqrt(6.0 / (f.Width + Shape.Routed)));
        }
        long gammas = BackboneMemory.Gammas(Shape) * Shape.Width;
        plan.Launch("initial weights", fill, (64, 1, 1), 256, 0, Of(At("small.masters")), Of(gammas), Of(1f));
        long head = BackboneMemory.HeadOffset(Shape);
        Uniform(0, At("small.masters") + (ulong)head * 4, Shape.Width, 1 / Math.Sqrt(Shape.Width));
        plan.Run(0);
        CudaDevice.Synchronize();
    }

    string[] NormDefinitions =>
        [$"TOKENS={Shape.Tokens}", $"WIDTH={Shape.Width}", $"MIXED_TOKENS={Shape.Mixed}", $"SLOTS={Shape.Slots}", $"EXPERTS={Shape.Routed}"];

    int NormThreads => 32 * Math.Min(Shape.Tokens, Shape.Width <= 1024 ? 16 : 8);

    ulong Gamma(int norm) => At("small.masters") + (ulong)norm * (ulong)Shape.Width * 4;

    ulong RootInverse(int norm) => At("root.inverse") + (ulong)norm * (ulong)Shape.Tokens * (ulong)Shape.BatchPadded * 4;

    // The stream before norm i: 2l is X_l, 2l + 1 is Y_l, 2L the output.
    ulong StreamAt(int norm) => At($"stream.{norm}");

    void PlanForward(LaunchPlan plan, bool keep)
    {
        int norms = 2 * Shape.Layers;
        int saved = 0;
        for (int i = 0; i <= norms; i++)
        {
            FeedForwardShape next = i % 2 == 0 ? Shape.Mixing : Shape.PerToken;
            AddNormArgs args = new()
            {
                Base = i == 0 ? At("input") : StreamAt(i - 1),
                Branch = i == 0 ? default : feedForwards[i - 1].OutBranch,
                Gamma = Gamma(i),
                Sum = StreamAt(i),
                RootInverse = RootInverse(i),
                Normed = i < norms ? At($"rows.{i}") : 0,
                NormedShared = next.SharedRow,
                Pooled = i == norms ? At("pooled") : 0,
                BatchPadded = Shape.BatchPadded,
                Epsilon = 1e-6f,
            };
            if (IsResidualPoint(i)) { args.Extra = StreamAt(saved); saved = i; }
            string kernel = i == 0 ? "input_norm_mix" : i == norms ? "add_norm_pool" : i % 2 == 1 ? "revert_add_norm" : "add_norm_mix";
            int shared = i == norms ? NormThreads / 32 * Shape.Width * 4 : 0;
            plan.Launch("norm", device.Kernel("norm.cu", kernel, shared, NormDefinitions), (Shape.Batch, 1, 1), NormThreads, shared, Of(args));
            if (i < norms) feedForwards[i].Forward(plan, keep);
        }
        long head = BackboneMemory.HeadOffset(Shape);
        HeadArgs loss = Head(head) with { Labels = keep ? At("labels") : 0, GradScale = 1f / Shape.Batch };
        plan.Launch("head", device.Kernel("dense.cu", "head_loss", 0), ((Shape.Batch + 7) / 8, 1, 1), 256, 0, Of(loss));
        if (keep) plan.Launch("head", device.Kernel("dense.cu", "mean", 0), (1, 1, 1), 1024, 0, Of(At("losses")), Of(At("loss")), Of(Shape.Batch));
    }

    HeadArgs Head(long head) => new()
    {
        Pooled = At("pooled"),
        Weight = At("small.masters") + (ulong)head * 4,
        Bias = At("small.masters") + (ulong)(head + Shape.Width) * 4,
        Logits = At("logits"),
        Losses = At("losses"),
        LogitGrads = At("logit.grads"),
        PooledGrad = At("pooled.grad"),
        Batch = Shape.Batch,
        Width = Shape.Width,
    };

    // Streams 2l with l a multiple of the gap, after the first and before the last block's output, get the previous such stream added.
    bool IsResidualPoint(int norm) => norm > 0 && norm % 2 == 0 && norm / 2 % Shape.ResidualGap == 0 && norm / 2 < Shape.Layers;

    void PlanBackward(LaunchPlan plan, float gradScale, (float Rate, float Epsilon)? adagrad)
    {
        int norms = 2 * Shape.Layers;
        long head = BackboneMemory.HeadOffset(Shape);
        HeadArgs loss = Head(head) with { Labels = At("labels"), GradScale = gradScale };
        plan.Launch("head", device.Kernel("dense.cu", "head_loss", 0), ((Shape.Batch + 7) / 8, 1, 1), 256, 0, Of(loss));
        plan.Launch("head", device.Kernel("dense.cu", "head_grad", 0), (132, 1, 1), 256, 0, Of(At("pooled")), Of(At("logit.grads")), Of(At("head.partial")), Of(Shape.Batch), Of(Shape.Width));
        SumPartials(plan, At("head.partial"), At("small.gradients") + (ulong)head * 4, 132, Shape.Width + 1);

        ulong tokenGrad = At("grad.token"), mixedGrad = At("grad.mixed");
        ulong tokenShared = tokenGrad + (ulong)(Shape.PerToken.SharedRow * Shape.Width) * 2, mixedShared = mixedGrad + (ulong)(Shape.Mixing.SharedRow * Shape.Mixing.Width) * 2;
        NormGrad(plan, "norm_grad_pooled", norms, new NormGradArgs { Pooled = At("pooled.grad"), Plain = tokenShared });
        int above = -1;     // the residual point whose gradient is held
        for (int l = Shape.Layers - 1; l >= 0; l--)
        {
            if (IsResidualPoint(2 * l + 2))
            {
                plan.Copy(tokenShared, At("held"), (long)Shape.Tokens * Shape.BatchPadded * Shape.Width * 2);
                above = 2 * l + 2;
            }
            FeedForward token = feedForwards[2 * l + 1], mixing = feedForwards[2 * l];
            token.Backward(plan, tokenGrad, adagrad);
            NormGrad(plan, "norm_grad_plain", 2 * l + 1, new NormGradArgs { Branch = token.GradBranch, Residual = tokenShared, Plain = At("grad.stream"), Mixed = mixedShared });
            mixing.Backward(plan, mixedGrad, adagrad);
            bool savedHere = above >= 0 && (l == 0 || IsResidualPoint(2 * l));
            NormGrad(plan, "norm_grad_mixed", 2 * l, new NormGradArgs { Branch = mixing.GradBranch, Residual = At("grad.stream"), Extra = savedHere ? At("held") : 0, Plain = tokenShared });
        }
    }

    void NormGrad(LaunchPlan plan, string kernel, int norm, NormGradArgs args)
    {
        args.Stream = StreamAt(norm);
        args.RootInverse = RootInverse(norm);
        args.Gamma = Gamma(norm);
        args.GammaPartial = At("gamma.partial");
        (args.Batch, args.BatchPadded) = (Shape.Batch, Shape.BatchPadded);
        plan.Launch("norm grad", device.Kernel("norm.cu", kernel, 0, NormDefinitions), (GradBlocks, 1, 1), NormThreads, 0, Of(args));
        SumPartials(plan, At("gamma.partial"), At("small.gradients") + (ulong)norm * (ulong)Shape.Width * 4, GradBlocks, Shape.Width);
    }

    void SumPartials(LaunchPlan plan, ulong partial, ulong target, int count, int width) =>
        plan.Launch("sums", device.Kernel("dense.cu", "sum_partials", 0), ((width + 255) / 256, 1, 1), 256, 0, Of(partial), Of(target), Of(count), Of(width));

    void PlanUpdate(float rate)
    {
        // The matrices are updated where their gradients arise (FeedForward.Backward); what is left is small.
        AdagradArgs small = new()
        {
            Weights = At("small.weights"),
            Masters = At("small.masters"),
            States = At("small.states"),
            Gradients = At("small.gradients"),
            Groups = memory["small.weights"].Bytes / 16,
            Rate = rate,
            Epsilon = AdagradEpsilon,
            Scale = 1,
        };
        update.Launch("adagrad", device.Kernel("dense.cu", "adagrad_float", 0), (device.Multiprocessors, 1, 1), 256, 0, Of(small));
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
        forward.Run(stream);
        backward.Run(stream);
    }

    /// <summary>Forward, backward and one Adagrad step. The matrices' gradients are applied as they arise and not stored.</summary>
    public void Step()
    {
        forward.Run(stream);
        fusedBackward.Run(stream);
        update.Run(stream);
    }

    /// <summary>As <see cref="Infer"/>, as one CUDA graph.</summary>
    public void InferGraph() => inference.RunGraph(stream);

    /// <summary>The stream that everything here is queued on.</summary>
    public nint Stream => stream;

    /// <summary>Device address of the input [B][T][D] float32, to be filled without a copy through the host.</summary>
    public nint InputAddress => (nint)At("input");

    /// <summary>Mean loss of the last forward pass; waits for it.</summary>
    public float Loss() => Read<float>("loss", 1)[0];

    /// <summary>Logits [B] of the last forward pass; waits for them.</summary>
    public float[] Logits() => Read<float>("logits", Shape.Batch);

    /// <summary>Milliseconds by kind of launch of one step, each launch timed alone.</summary>
    public IReadOnlyDictionary<string, double> ProfileStep()
    {
        var all = new Dictionary<string, double>();
        foreach (LaunchPlan plan in (LaunchPlan[])[forward, fusedBackward, update])
            foreach ((string name, double ms) in plan.Profile(stream)) all[name] = all.GetValueOrDefault(name) + ms;
        return all;
    }

    internal T[] Read<T>(string name, long count, long offset = 0) where T : unmanaged
    {
        Driver.Check(Driver.cuStreamSynchronize(stream), "waiting for the stream");
        var values = new T[count];
        fixed (T* v = values) Driver.Check(Driver.cuMemcpyDtoH_v2(v, At(name) + (ulong)(offset * sizeof(T)), (nuint)(count * sizeof(T))), $"reading {name}");
        return values;
    }

    internal void Write<T>(string name, ReadOnlySpan<T> values, long offset = 0) where T : unmanaged
    {
        Driver.Check(Driver.cuStreamSynchronize(stream), "waiting for the stream");
        fixed (T* v = values) Driver.Check(Driver.cuMemcpyHtoD_v2(At(name) + (ulong)(offset * sizeof(T)), v, (nuint)((long)values.Length * sizeof(T))), $"writing {name}");
    }

    void Upload(string name, int[] values) => Write<int>(name, values);

    /// <summary>Frees the card's memory.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        _ = Driver.cuStreamSynchronize(stream);
        foreach (LaunchPlan plan in (LaunchPlan[])[inference, forward, backward, fusedBackward, update]) plan.Dispose();
        _ = Driver.cuStreamDestroy_v2(stream);
        _ = Driver.cuMemFree_v2(start);
    }
}
