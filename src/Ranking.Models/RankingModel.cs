using System.Collections.Concurrent;
using System.Globalization;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Checkpoints;
using Ranking.Models.Input;
using Ranking.Models.Networks;
using Ranking.Models.Export;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models;

/// <summary>A whole model: ID tables, the pooling of sequences and a network, from feature vectors to one probability a task.</summary>
/// <remarks>Scoring is thread-safe while nobody trains the same instance.</remarks>
public sealed class RankingModel : IScoringModel
{
    const string WeightsFile = "weights.safetensors", Format = "1";
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
        : this(layout, spec, seed, device, (name, settings) => new IdTable(name, settings, seed, trains)) { }

    internal RankingModel(FeatureLayout layout, ModelSpec spec, ulong seed, Device? device, Func<string, IdTableSettings, IdTable> open)
    {
        (Layout, Spec, Seed) = (layout, spec, seed);
        NetworkKind kind = NetworkKind.Named(spec.Kind);
        Tables = layout.Tables.ToDictionary(t => t.Key, t => open(t.Key, Settings(t.Value)), StringComparer.Ordinal);
        plan = InputPlan.Of(layout, Tables, kind.AttendsAll);
        Parameters = new ParameterSet(seed, ScalarType.Float32, device);
        network = kind.Create(plan.Shape, layout.Labels.Count, spec, Parameters);
        attention = plan.Columns.Where(c => c.Attention).ToDictionary(c => c.Feature, c => new TargetAttention(Parameters, $"pool.{c.Feature}", c.Width));

        IdTableSettings Settings(TableSpec table) => new()
        {
            Dim = kind.RowWidth(table.Dimension, layout.Labels.Count),
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

    /// <summary>For people: which code trains the network's layers, and why.</summary>
    public string ComputePath => network.ComputePath;

    /// <summary>Tasks, in the order of the layout's labels.</summary>
    public int Tasks => Layout.Labels.Count;

    /// <summary>Where each group and column lies in the network's input.</summary>
    public InputShape Input => plan.Shape;

    /// <summary>Reads a model that <see cref="Save"/> wrote.</summary>
    /// <param name="folder">Of the version.</param>
    /// <param name="layout">Of the spec that it was trained with.</param>
    /// <param name="spec">The model's settings of that spec.</param>
    /// <param name="device">Where the network runs.</param>
    /// <param name="trains">Whether it will be trained further.</param>
    /// <exception cref="InvalidDataException">A file is damaged or of another model; the message names the file and what is wrong.</exception>
    public static RankingModel Load(string folder, FeatureLayout layout, ModelSpec spec, Device? device = null, bool trains = false)
    {
        using DisposeScope scope = NewDisposeScope();
        string path = Path.Combine(folder, WeightsFile);
        (Dictionary<string, Tensor> tensors, Dictionary<string, string> metadata) = Safetensors.Read(path);
        Exception Wrong(string what) => new InvalidDataException($"{path}: {what}");
        if (metadata.GetValueOrDefault("format") != Format) throw Wrong($"found format '{metadata.GetValueOrDefault("format")}', expected '{Format}'");
        if (metadata.GetValueOrDefault("kind") != spec.Kind) throw Wrong($"found a model of kind '{metadata.GetValueOrDefault("kind")}', expected '{spec.Kind}'");
        if (!ulong.TryParse(metadata.GetValueOrDefault("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
            throw Wrong($"found seed '{metadata.GetValueOrDefault("seed")}', expected an integer");
        RankingModel model = new(layout, spec, seed, device, (name, settings) => IdTable.Load(Path.Combine(folder, TableFile(name)), name, settings, trains));
        try
        {
            model.TakeWeights(path, tensors);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Writes weights and tables into a folder: <c>weights.safetensors</c> and one <c>table-NAME.bin</c> a table.</summary>
    /// <returns>Names of the files.</returns>
    public IReadOnlyList<string> Save(string folder)
    {
        BeforeReading?.Invoke();
        SaveWeights(folder);
        foreach (IdTable table in Tables.Values) table.Save(Path.Combine(folder, TableFile(table.Name)));
        return [WeightsFile, .. Tables.Keys.Select(TableFile)];
    }

    internal void SaveWeights(string folder)
    {
        Directory.CreateDirectory(folder);
        Safetensors.Write(Path.Combine(folder, WeightsFile), Parameters.Names.Select(n => (n, Parameters[n])), new Dictionary<string, string>
        {
            ["format"] = Format,
            ["kind"] = Spec.Kind,
            ["seed"] = Seed.ToString(CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Logits [B, tasks] in the caller's dispose scope, without dropout and without gradients for the tables.</summary>
    public Tensor Forward(IReadOnlyList<FeatureVector> vectors)
    {
        BeforeReading?.Invoke();
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
    public void Dispose()
    {
        (network as IDisposable)?.Dispose();
        Parameters.Dispose();
    }

    /// <summary>Takes the values of all dense tensors, and no others.</summary>
    internal void TakeWeights(string path, Dictionary<string, Tensor> tensors)
    {
        Exception Wrong(string what) => new InvalidDataException($"{path}: {what}");
        foreach (string name in Parameters.Names)
        {
            if (!tensors.Remove(name, out Tensor? values)) throw Wrong($"tensor '{name}' is missing");
            if (!values.isfinite().all().item<bool>()) throw Wrong($"tensor '{name}' holds a number that is not finite");
            try { Parameters.Set(name, values); }
            catch (ArgumentException e) { throw Wrong(e.Message); }
        }
        if (tensors.Count > 0) throw Wrong($"found the tensor '{tensors.Keys.First()}', which this model does not have");
    }

    internal TargetAttention AttentionOf(string feature) => attention[feature];

    internal OnnxValue ExportNetwork(OnnxValue x_BF) => network.Export(x_BF);

    /// <summary>Called before anybody reads the tables' rows: who trains them elsewhere brings them back.</summary>
    internal Action? BeforeReading { get; set; }

    internal static string TableFile(string table) => $"table-{Uri.EscapeDataString(table)}.bin";

    internal InputPlan Plan => plan;

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
