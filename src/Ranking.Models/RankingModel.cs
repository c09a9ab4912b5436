using System.Collections.Concurrent;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Input;
using Ranking.Models.Networks;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models;

/// <summary>A whole model: ID tables, the pooling of sequences and a network, from feature vectors to one probability a task.</summary>
/// <remarks>Scoring is thread-safe while nobody trains the same instance.</remarks>
public sealed class RankingModel : IDisposable
{
    readonly InputPlan plan;
    readonly IRankingNetwork network;
    readonly Dictionary<string, TargetAttention> attention;
    readonly ConcurrentBag<InputBatch> batches = [];

    /// <summary>A fresh model; the same arguments give the same weights.</summary>
    /// <param name="layout">Of the spec's features.</param>
    /// <param name="spec">The model's settings.</param>
    /// <param name="seed">Of the initial weights and rows.</param>
    /// <param name="device">Where the network runs; tables stay in main memory. The CPU unless told.</param>
    /// <param name="trains">Whether tables hold Adagrad's sums; a model that only scores takes half the memory.</param>
    /// <exception cref="ArgumentException">Settings that no model can have; the message names the setting, the value and what was expected.</exception>
    public RankingModel(FeatureLayout layout, ModelSpec spec, ulong seed, Device? device = null, bool trains = true)
    {
        (Layout, Spec, Seed) = (layout, spec, seed);
        NetworkKind kind = NetworkKind.Named(spec.Kind);
        Tables = layout.Tables.ToDictionary(t => t.Key, t => new IdTable(t.Key, Settings(t.Value), seed, trains), StringComparer.Ordinal);
        plan = InputPlan.Of(layout, Tables, kind.AttendsAll);
        Parameters = new ParameterSet(seed, ScalarType.Float32, device);
        network = kind.Create(plan.Shape, layout.Labels.Count, spec, Parameters);
        attention = plan.Columns.Where(c => c.Attention).ToDictionary(c => c.Feature, c => new TargetAttention(Parameters, $"pool.{c.Feature}", c.Width));

        IdTableSettings Settings(TableSpec table) => new()
        {
            Dim = kind.RowWidth(table.Dimension),
            Admission = table.Admission,
            Ttl = table.Ttl,
            MaxRows = table.Rows,
        };
    }

    /// <summary>Of the spec's features.</summary>
    public FeatureLayout Layout { get; }

    /// <summary>The model's settings.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Of the initial weights and rows.</summary>
    public ulong Seed { get; }

    /// <summary>The dense tensors.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The ID tables by name.</summary>
    public IReadOnlyDictionary<string, IdTable> Tables { get; }

    /// <summary>Tasks, in the order of the layout's labels.</summary>
    public int Tasks => Layout.Labels.Count;

    /// <summary>Logits [B, tasks] in the caller's dispose scope, without dropout and without gradients for the tables.</summary>
    public Tensor Forward(IReadOnlyList<FeatureVector> vectors)
    {
        InputBatch batch = Rent();
        batch.Find(vectors);
        using ForwardPass pass = ForwardPass.Score();
        NetworkOutput output = Run(batch.ToTensors(gradients: false, Parameters.Device), pass);
        batches.Add(batch);
        return output.Logits_BK;
    }

    /// <summary>Probabilities, row-major [B, tasks].</summary>
    public float[] Score(IReadOnlyList<FeatureVector> vectors)
    {
        if (vectors.Count == 0) return [];
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        return Forward(vectors).sigmoid().cpu().data<float>().ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();

    /// <summary>A batch to read into; the trainer keeps one, scoring threads share some.</summary>
    internal InputBatch Rent() => batches.TryTake(out InputBatch? batch) ? batch : new InputBatch(plan);

    /// <summary>Pools sequences under attention into the input vector, then runs the network.</summary>
    internal NetworkOutput Run(NetworkInput input, ForwardPass pass)
    {
        if (attention.Count == 0) return network.Forward(input, pass);
        Dictionary<int, Tensor> pooled = [];
        int sequence = 0;
        foreach (InputColumn column in plan.Columns.Where(c => c.Attention))
        {
            InputColumn target = plan.Targets[column.Feature];
            Tensor query_BD = input.X_BF.narrow(1, target.Offsets[0], target.Width);
            Tensor pooled_BD = attention[column.Feature].Forward(input.Sequences[sequence++], query_BD);
            foreach (int offset in column.Offsets) pooled.Add(offset, pooled_BD);
        }
        Tensor[] pieces = [.. plan.Shape.Columns.Select(c => pooled.TryGetValue(c.Offset, out Tensor? own) ? own : input.X_BF.narrow(1, c.Offset, c.Width))];
        return network.Forward(new NetworkInput(cat(pieces, 1)), pass);
    }
}
