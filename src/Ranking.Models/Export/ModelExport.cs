using System.Runtime.InteropServices;
using System.Text;
using Ranking.Models.Checkpoints;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Export;

/// <summary>
/// A neural model's files for other programs: <c>weights.safetensors</c> with the dense tensors, <c>table-NAME.safetensors</c> for each
/// table, and <c>model.onnx</c>, a graph over them.
/// </summary>
/// <remarks>
/// A table's file holds <c>rows</c> [ids + 2, dim], those of the ids, then of ids without a row, then of no id; and <c>ids</c>, their UTF-8
/// one after another, id i at [<c>id_offsets</c>[i], <c>id_offsets</c>[i + 1]).
/// </remarks>
public static class ModelExport
{
    /// <summary>Name of the file of the dense tensors.</summary>
    public const string WeightsFile = "weights.safetensors";

    /// <summary>Name of the graph.</summary>
    public const string GraphFile = "model.onnx";

    /// <summary>Version of ONNX's operators in the graph.</summary>
    public const int Opset = OnnxGraph.Opset;

    internal const string Rows = "rows", Ids = "ids", IdOffsets = "id_offsets";
    const int RowsAtOnce = 1 << 16;

    /// <summary>Name of a table's file.</summary>
    public static string TableFile(string table) => $"table-{Uri.EscapeDataString(table)}.safetensors";

    /// <summary>The graph's output, the probabilities [batch, labels]: <c>scores</c>, unless a feature is called so.</summary>
    public static string OutputOf(IEnumerable<OnnxInput> inputs) => inputs.Any(i => i.Name == "scores") ? "model.scores" : "scores";

    /// <summary>Writes all files into a folder.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="name">Of the model, for the files' metadata.</param>
    /// <param name="keptNegatives">Share of negatives that it was trained on; the graph's probabilities are corrected for it.</param>
    /// <returns>Names of the files, and what the graph reads.</returns>
    public static (IReadOnlyList<string> Files, IReadOnlyList<OnnxInput> Inputs) Write(RankingModel model, string folder, string name, double keptNegatives = 1)
    {
        Dictionary<string, StoredTensor> stored = new(StringComparer.Ordinal);
        List<string> files = [];
        Add(WeightsFile, model.Parameters.Names.Select(n => (n, model.Parameters[n])), OnnxGraph.WeightOf);
        foreach (IdTable table in model.Tables.Values)
        {
            using DisposeScope scope = NewDisposeScope();
            Add(TableFile(table.Name), Tensors(table), tensor => tensor == Rows ? OnnxModel.RowsOf(table.Name) : null);
        }
        IReadOnlyList<OnnxInput> inputs = OnnxModel.Write(model, Path.Combine(folder, GraphFile), stored, keptNegatives);
        return ([.. files, GraphFile], inputs);

        void Add(string file, IEnumerable<(string Name, Tensor Tensor)> tensors, Func<string, string?> nameOf)
        {
            files.Add(file);
            foreach ((string tensor, long offset, long[] shape) in Safetensors.Write(Path.Combine(folder, file), tensors, new Dictionary<string, string> { ["model"] = name }))
                if (nameOf(tensor) is { } known) stored.Add(known, new StoredTensor(file, offset, shape));
        }
    }

    static IEnumerable<(string, Tensor)> Tensors(IdTable table)
    {
        int dim = table.Settings.Dim, filled = 0;
        Tensor rows = empty([table.Count + 2, dim], ScalarType.Float32);
        List<byte> ids = [];
        long[] offsets = new long[table.Count + 1];
        float[] some = new float[RowsAtOnce * dim];
        foreach ((string id, int row) in table.Ids())
        {
            ids.AddRange(Encoding.UTF8.GetBytes(id));
            Append(table.Row(row));
            offsets[filled] = ids.Count;
        }
        Append(table.Row(IdTable.Shared));
        Append(table.Row(IdTable.Missing));
        if (filled % RowsAtOnce > 0) Flush(filled % RowsAtOnce);
        return [(Rows, rows), (Ids, tensor(ids.ToArray(), [ids.Count])), (IdOffsets, tensor(offsets, [offsets.Length]))];

        void Append(ReadOnlySpan<float> row)
        {
            row.CopyTo(some.AsSpan(filled % RowsAtOnce * dim));
            if (++filled % RowsAtOnce == 0) Flush(RowsAtOnce);
        }

        // A tensor's bytes are a span, which holds 2 GB at most.
        void Flush(int count)
        {
            using Tensor part = rows.narrow(0, filled - count, count);
            MemoryMarshal.AsBytes(some.AsSpan(0, count * dim)).CopyTo(part.bytes);
        }
    }
}
