using System.Diagnostics;
using Ranking.Features.Examples;
using Ranking.Models.Input;
using Ranking.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Cuda;

/// <summary>
/// Rows on the card. The host resolves ids to rows, one thread a table, and does so for the next batch while the card works on this
/// one; pooling, the rows' gradients and Adagrad are kernels (tables.cu) on torch's stream. Nothing of a batch waits for the host
/// but its words, which a stream of their own copies ahead.
/// </summary>
/// <remarks>
/// A batch that is prepared early admits and evicts as if it were prepared late: the rows' numbers change on the card alone, where
/// this batch's Adagrad stands before the next one's first row.
/// </remarks>
sealed unsafe class CardFeed : IBatchFeed
{
    const int Blocks = 528, Threads = 256;
    readonly RankingModel model;
    readonly float[] taskWeights;
    readonly CudaDevice card;
    readonly CardTables tables;
    readonly Staged[] staged;
    readonly nint copies, admit, pool, sumSegments, sumRows, apply;
    readonly Lock fetching = new();
    int turn;
    Staged now;
    Task? ahead;
    IReadOnlyList<Example>? aheadOf;
    bool dirty;
    Tensor? leaf_BF, rowGradients, squares;

    /// <summary>A batch on the host and its words on the card.</summary>
    sealed class Staged(TableBatch batch)
    {
        public readonly TableBatch Batch = batch;
        public ulong Address;
        public long Capacity;
        public nint Free;
    }

    CardFeed(RankingModel model, float[] taskWeights, CudaDevice card)
    {
        (this.model, this.taskWeights, this.card) = (model, taskWeights, card);
        card.Use();
        nint Kernel(string name) => card.Kernel("tables.cu", name, 0);
        (admit, pool, sumSegments, sumRows, apply) = (Kernel("admit"), Kernel("pool"), Kernel("sum_segments"), Kernel("sum_rows"), Kernel("apply"));
        const uint nonBlocking = 1, noTiming = 2;
        Driver.Check(Driver.cuStreamCreate(out copies, nonBlocking), "cuStreamCreate");
        tables = new CardTables(model.Tables.Values);
        staged = [.. Enumerable.Range(0, 2).Select(_ => new Staged(new TableBatch(model.Plan, model.Tables.Values)))];
        foreach (Staged s in staged) Driver.Check(Driver.cuEventCreate(out s.Free, noTiming), "cuEventCreate");
        now = staged[0];
    }

    /// <summary>Moves the model's tables to its card; null, with the reason, where they stay in main memory.</summary>
    /// <exception cref="CudaException">A kernel does not build, or the card's memory is too small.</exception>
    internal static CardFeed? TryOpen(RankingModel model, float[] taskWeights, out string reason)
    {
        reason = "";
        if (model.Parameters.Device.type != DeviceType.CUDA) reason = "the model is on the CPU";
        else if (model.Tables.Count == 0) reason = "there is none";
        else if (model.Plan.Columns.FirstOrDefault(c => c.Attention) is { } sequence) reason = $"'{sequence.Feature}' is pooled by attention";
        if (reason.Length > 0) return null;
        CudaDevice? card = CudaDevice.TryOpen(out reason, Math.Max(0, model.Parameters.Device.index));
        if (card is null) return null;
        Driver.Check(Driver.cuMemGetInfo_v2(out _, out nuint total), "cuMemGetInfo");
        double most = model.Tables.Values.Sum(t => (double)t.Settings.MaxRows * t.Store.Stride * sizeof(float));
        if (!CudaDevice.CanCompile(out reason) || most > total / 2.0)
        {
            if (reason.Length == 0) reason = FormattableString.Invariant($"their row budgets add up to {most / 1e9:0} GB, more than half of the card's {total / 1e9:0}");
            card.Dispose();
            return null;
        }
        return new CardFeed(model, taskWeights, card);
    }

    /// <inheritdoc/>
    public string Path => $"on the card ({card.Name})";

    /// <inheritdoc/>
    public bool IsAhead => ahead is not null;

    /// <inheritdoc/>
    public TimeSpan Waited { get; private set; }

    /// <inheritdoc/>
    public FedBatch Begin(IReadOnlyList<Example> examples, IReadOnlyList<Example>? next)
    {
        Stage(examples, next);
        return ToTensors();
    }

    /// <summary>The host's part of a batch, its copy to the card included: what <see cref="Begin"/> does first.</summary>
    internal void Stage(IReadOnlyList<Example> examples, IReadOnlyList<Example>? next)
    {
        card.Use();
        long began = Stopwatch.GetTimestamp();
        now = staged[turn];
        if (ahead is null) Prepare(now, examples);
        else if (!ReferenceEquals(aheadOf, examples)) throw new InvalidOperationException("another batch was announced as the next one");
        else
        {
            Task prepared = ahead;
            (ahead, aheadOf) = (null, null);
            prepared.GetAwaiter().GetResult();
        }
        Waited += Stopwatch.GetElapsedTime(began);
        turn ^= 1;
        if (next is not null)
        {
            Staged then = staged[turn];
            (ahead, aheadOf) = (Task.Run(() => Prepare(then, next)), next);
        }
        dirty = true;
    }

    /// <inheritdoc/>
    public void Backward()
    {
        card.Use();
        Tensor gradient_BF = leaf_BF!.grad!.contiguous(), partial = Floats(now.Batch.PartialFloats);
        (rowGradients, squares) = (Floats(now.Batch.GradientFloats), empty([model.Tables.Count * Blocks], ScalarType.Float64, model.Parameters.Device));
        ulong words = now.Address, gradient = DevicePointer.Of(gradient_BF), parts = DevicePointer.Of(partial), rows = DevicePointer.Of(rowGradients), norms = DevicePointer.Of(squares);
        Launch(sumSegments, model.Tables.Count, [(nint)(&words), (nint)(&gradient), (nint)(&parts)]);
        Launch(sumRows, model.Tables.Count, [(nint)(&words), (nint)(&parts), (nint)(&rows), (nint)(&norms)]);
    }

    /// <inheritdoc/>
    public double SquaredGradientNorm() => squares!.sum().item<double>();

    /// <inheritdoc/>
    public void Apply(float learningRate, float decay, float scale)
    {
        card.Use();
        ulong words = now.Address, rows = DevicePointer.Of(rowGradients!);
        float epsilon = 1e-10f;
        Launch(apply, model.Tables.Count, [(nint)(&words), (nint)(&rows), (nint)(&learningRate), (nint)(&decay), (nint)(&scale), (nint)(&epsilon)]);
        Driver.Check(Driver.cuEventRecord(now.Free, 0), "cuEventRecord");
    }

    /// <inheritdoc/>
    public void Fetch()
    {
        lock (fetching)
        {
            if (IsAhead) throw new InvalidOperationException("the next batch is prepared already: learn from it before the tables are read");
            if (!dirty) return;
            card.Use();
            CudaDevice.Synchronize();
            tables.Fetch();
            dirty = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try { ahead?.Wait(); }
        catch (AggregateException) { } // of a batch that nobody will learn from
        card.Use();
        CudaDevice.Synchronize();
        tables.Dispose();
        foreach (Staged s in staged)
        {
            _ = Driver.cuEventDestroy_v2(s.Free);
            if (s.Address != 0) _ = Driver.cuMemFree_v2(s.Address);
        }
        _ = Driver.cuStreamDestroy_v2(copies);
        card.Dispose();
    }

    void Prepare(Staged to, IReadOnlyList<Example> examples)
    {
        card.Use();
        to.Batch.Resolve(examples, taskWeights);
        tables.Grow();
        to.Batch.Write(tables.PlaceOf);
        Driver.Check(Driver.cuEventSynchronize(to.Free), "waiting for the batch before the last");
        long bytes = to.Batch.Words.Length * sizeof(int);
        if (to.Capacity < bytes)
        {
            if (to.Address != 0) Driver.Check(Driver.cuMemFree_v2(to.Address), "cuMemFree");
            (to.Address, to.Capacity) = (0, bytes + bytes / 4);
            Driver.Check(Driver.cuMemAlloc_v2(out to.Address, (nuint)to.Capacity), $"{to.Capacity} bytes for a batch");
        }
        fixed (int* words = to.Batch.Words) Driver.Check(Driver.cuMemcpyHtoDAsync_v2(to.Address, words, (nuint)bytes, copies), "copying a batch");
        Driver.Check(Driver.cuStreamSynchronize(copies), "copying a batch");
    }

    /// <summary>Queues the card's part: rows begin, x is pooled.</summary>
    internal FedBatch ToTensors()
    {
        TableBatch batch = now.Batch;
        int examples = batch.Examples, width = model.Input.Width, tableCount = model.Tables.Count;
        leaf_BF = empty([examples, width], ScalarType.Float32, model.Parameters.Device, requires_grad: true);
        ulong words = now.Address, x = DevicePointer.Of(leaf_BF);
        Launch(admit, tableCount, [(nint)(&words)]);
        Launch(pool, model.Plan.Columns.Count, [(nint)(&words), (nint)(&tableCount), (nint)(&x), (nint)(&examples), (nint)(&width)]);
        Tensor labels_BK = Labels(batch.LabelsAt);
        return new FedBatch(new NetworkInput(leaf_BF), labels_BK, batch.Labels.Weights is null ? null : Labels(batch.LabelsAt + batch.Labels.Labels.Length));
    }

    Tensor Labels(int first)
    {
        int examples = now.Batch.Examples, tasks = taskWeights.Length;
        Tensor labels_BK = empty([examples, tasks], ScalarType.Float32, model.Parameters.Device);
        Driver.Check(Driver.cuMemcpyDtoDAsync_v2(DevicePointer.Of(labels_BK), now.Address + (ulong)(first * sizeof(float)), (nuint)(examples * tasks * sizeof(float)), 0), "copying labels");
        return labels_BK;
    }

    Tensor Floats(int count) => empty([Math.Max(1, count)], ScalarType.Float32, model.Parameters.Device);

    static void Launch(nint kernel, int rows, ReadOnlySpan<nint> arguments)
    {
        fixed (nint* a = arguments)
            Driver.Check(Driver.cuLaunchKernel(kernel, Blocks, (uint)rows, 1, Threads, 1, 1, 0, 0, (void**)a, null), "launching a kernel of tables.cu");
    }
}
