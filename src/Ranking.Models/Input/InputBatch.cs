using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Ranking.Features.Examples;
using Ranking.Models.Networks;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Ranking.Models.Input;

/// <summary>
/// One batch on its way into the network and its gradient on the way back. Rows are pooled here, by their mean, so the network
/// gets one leaf tensor [B, F] and no lookup runs inside torch; the leaf's gradient is spread over the rows in a fixed order.
/// </summary>
/// <remarks>Reused from batch to batch, so that a run allocates nothing; not thread-safe.</remarks>
sealed class InputBatch(InputPlan plan)
{
    readonly ColumnRows[] rows = [.. plan.Columns.Select(_ => new ColumnRows())];
    readonly List<string> ids = [];
    readonly List<long> times = [];
    float[] x_BF = [];
    int examples;
    Tensor? leaf_BF;
    readonly List<Tensor> leaves_BSD = [];

    sealed class ColumnRows
    {
        public readonly List<int> Rows = [], Ends = [];
    }

    /// <summary>Looks a batch up for scoring: tables stay as they are.</summary>
    public void Find(IReadOnlyList<FeatureVector> vectors) => Read(vectors.Count, b => vectors[b], null);

    /// <summary>Looks a batch up for training: sights count, ids are admitted and evicted.</summary>
    public void Resolve(IReadOnlyList<Example> batch) => Read(batch.Count, b => batch[b].Features, b => batch[b].TimeMs);

    /// <summary>The network's input; with gradients where training asks for them.</summary>
    public NetworkInput ToTensors(bool gradients, Device device)
    {
        Gather();
        leaf_BF = ToLeaf(x_BF.AsMemory(0, examples * plan.Shape.Width), [examples, plan.Shape.Width], gradients, device);
        leaves_BSD.Clear();
        List<SequenceInput> sequences = [];
        for (int c = 0; c < rows.Length; c++)
            if (plan.Columns[c].Attention) sequences.Add(Sequence(plan.Columns[c], rows[c], gradients, device));
        return new NetworkInput(leaf_BF, sequences);
    }

    /// <summary>The gathered numbers, row-major [B, F]; sequences under attention are zeros.</summary>
    public ReadOnlySpan<float> Numbers()
    {
        Gather();
        return x_BF.AsSpan(0, examples * plan.Shape.Width);
    }

    /// <summary>Adds the leaves' gradients to the rows that they came from.</summary>
    public void Scatter()
    {
        int width = plan.Shape.Width, sequence = 0;
        float[] gradient = ArrayPool<float>.Shared.Rent(examples * width);
        Copy(leaf_BF!.grad!, gradient.AsSpan(0, examples * width));
        for (int c = 0; c < rows.Length; c++)
        {
            InputColumn column = plan.Columns[c];
            if (column.Table is null) continue;
            if (column.Attention) ScatterSequence(column, rows[c], leaves_BSD[sequence++]);
            else ScatterMean(column, rows[c], gradient, width);
        }
        ArrayPool<float>.Shared.Return(gradient);
    }

    void Read(int count, Func<int, FeatureVector> vectorOf, Func<int, long>? timeOf)
    {
        examples = count;
        int needed = count * plan.Shape.Width;
        if (x_BF.Length < needed) x_BF = new float[needed];
        Array.Clear(x_BF, 0, needed);
        for (int c = 0; c < rows.Length; c++)
        {
            InputColumn column = plan.Columns[c];
            ColumnRows into = rows[c];
            if (column.Table is not { } table)
            {
                for (int b = 0; b < count; b++) CopyNumbers(column, vectorOf(b), b);
                continue;
            }
            into.Ends.Clear();
            ids.Clear();
            times.Clear();
            for (int b = 0; b < count; b++)
            {
                ReadOnlySpan<string> own = vectorOf(b).IdsOf(column.Index);
                ids.AddRange(own);
                for (int i = 0; timeOf is not null && i < own.Length; i++) times.Add(timeOf(b));
                into.Ends.Add(ids.Count);
            }
            CollectionsMarshal.SetCount(into.Rows, ids.Count);
            if (timeOf is null) table.Find(CollectionsMarshal.AsSpan(ids), CollectionsMarshal.AsSpan(into.Rows));
            else table.Resolve(CollectionsMarshal.AsSpan(ids), CollectionsMarshal.AsSpan(times), CollectionsMarshal.AsSpan(into.Rows));
        }
    }

    void CopyNumbers(InputColumn column, FeatureVector vector, int b)
    {
        foreach (int offset in column.Offsets) column.CopyNumbers(vector, x_BF.AsSpan(b * plan.Shape.Width + offset, column.Width));
    }

    void Gather()
    {
        int width = plan.Shape.Width;
        for (int c = 0; c < rows.Length; c++)
        {
            InputColumn column = plan.Columns[c];
            if (column.Table is not { } table || column.Attention) continue;
            table.Pool(CollectionsMarshal.AsSpan(rows[c].Rows), CollectionsMarshal.AsSpan(rows[c].Ends), x_BF.AsSpan(column.Offsets[0]), width);
            for (int b = 0; column.Offsets.Count > 1 && b < examples; b++)
            {
                ReadOnlySpan<float> pooled = x_BF.AsSpan(b * width + column.Offsets[0], column.Width);
                for (int i = 1; i < column.Offsets.Count; i++) pooled.CopyTo(x_BF.AsSpan(b * width + column.Offsets[i]));
            }
        }
    }

    void ScatterMean(InputColumn column, ColumnRows from, float[] gradient, int width)
    {
        IdTable table = column.Table!;
        int start = 0;
        for (int b = 0; b < examples; b++)
        {
            int end = from.Ends[b];
            float share = 1f / Math.Max(1, end - start);
            foreach (int offset in column.Offsets)
            {
                ReadOnlySpan<float> g = gradient.AsSpan(b * width + offset, column.Width);
                if (start == end && table.Settings.Missing == MissingValue.Learned) AddScaled(table.Gradient(IdTable.Missing), g, 1);
                for (int i = start; i < end; i++) AddScaled(table.Gradient(from.Rows[i]), g, share);
            }
            start = end;
        }
    }

    SequenceInput Sequence(InputColumn column, ColumnRows from, bool gradients, Device device)
    {
        int longest = 1, start = 0, dim = column.Width;
        for (int b = 0; b < examples; b++)
        {
            longest = Math.Max(longest, from.Ends[b] - start);
            start = from.Ends[b];
        }
        float[] members_BSD = new float[examples * longest * dim], mask_BS = new float[examples * longest];
        start = 0;
        for (int b = 0; b < examples; b++)
        {
            for (int i = start; i < from.Ends[b]; i++)
            {
                column.Table!.Row(from.Rows[i]).CopyTo(members_BSD.AsSpan((b * longest + i - start) * dim));
                mask_BS[b * longest + i - start] = 1;
            }
            start = from.Ends[b];
        }
        Tensor leaf_BSD = ToLeaf(members_BSD, [examples, longest, dim], gradients, device);
        leaves_BSD.Add(leaf_BSD);
        return new SequenceInput(leaf_BSD, tensor(mask_BS, [examples, longest]).to(device));
    }

    void ScatterSequence(InputColumn column, ColumnRows from, Tensor leaf_BSD)
    {
        int longest = (int)leaf_BSD.shape[1], dim = column.Width, start = 0;
        float[] gradient = ArrayPool<float>.Shared.Rent(examples * longest * dim);
        Copy(leaf_BSD.grad!, gradient.AsSpan(0, examples * longest * dim));
        for (int b = 0; b < examples; b++)
        {
            for (int i = start; i < from.Ends[b]; i++)
                AddScaled(column.Table!.Gradient(from.Rows[i]), gradient.AsSpan((b * longest + i - start) * dim, dim), 1);
            start = from.Ends[b];
        }
        ArrayPool<float>.Shared.Return(gradient);
    }

    static void AddScaled(Span<float> sum, ReadOnlySpan<float> values, float scale) => TensorPrimitives.MultiplyAdd(values, scale, sum, sum);

    static Tensor ToLeaf(Memory<float> values, long[] shape, bool gradients, Device device)
    {
        Tensor leaf = tensor(values, shape).to(device);
        return gradients ? leaf.detach().requires_grad_(true) : leaf;
    }

    static void Copy(Tensor from, Span<float> to)
    {
        using DisposeScope scope = NewDisposeScope();
        MemoryMarshal.Cast<byte, float>(from.cpu().contiguous().bytes).CopyTo(to);
    }
}
