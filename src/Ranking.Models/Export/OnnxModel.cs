using Ranking.Models.Input;
using Ranking.Models.Tables;

namespace Ranking.Models.Export;

/// <summary>
/// A whole model as an ONNX graph: from row numbers and numbers to the probabilities that the ranker answers. Tables and weights lie in
/// safetensors files beside it; who scores looks ids up (<c>ids</c> of a table's file) and needs ONNX Runtime, nothing of ours.
/// </summary>
static class OnnxModel
{
    /// <summary>The name under which a table's rows [ids + 2, dim] are stored: those of the ids, then the shared one, then the missing one.</summary>
    public static string RowsOf(string table) => $"table/{table}";

    /// <summary>Writes the graph.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">Of the file.</param>
    /// <param name="stored">Where each dense tensor and each table's rows (<see cref="RowsOf"/>) lie.</param>
    /// <param name="keptNegatives">Share of negatives that it was trained on; the probabilities are corrected for it.</param>
    /// <returns>What the caller of the graph gives.</returns>
    public static IReadOnlyList<OnnxInput> Write(RankingModel model, string path, IReadOnlyDictionary<string, StoredTensor> stored, double keptNegatives = 1)
    {
        OnnxGraph graph = new("ranking", model.Parameters, stored);
        List<OnnxInput> inputs = [];
        Dictionary<string, OnnxValue> vectors = new(StringComparer.Ordinal);
        Dictionary<string, (OnnxValue Members_BSD, OnnxValue Mask_BS)> sequences = new(StringComparer.Ordinal);
        foreach (InputColumn column in model.Plan.Columns)
        {
            if (column.Table is { } table)
            {
                bool single = model.Layout.Columns.First(c => c.Feature == column.Feature).Width == 1;
                OnnxValue rows_BS = graph.Input(column.Feature, ids: true, -1, single ? 1 : -2);
                inputs.Add(new OnnxInput(column.Feature, "int64", ["batch", single ? 1 : "members"], table.Name));
                Members(table, rows_BS, out OnnxValue members_BSD, out OnnxValue mask_BS);
                if (column.Attention) sequences.Add(column.Feature, (members_BSD, mask_BS));
                else vectors.Add(column.Feature, Pooled(table, members_BSD, mask_BS));
            }
            else
            {
                vectors.Add(column.Feature, graph.Input(column.Feature, ids: false, -1, column.Width));
                inputs.Add(new OnnxInput(column.Feature, "float32", ["batch", column.Width], null));
            }
        }
        // A sequence attends to a column that is no sequence, so that one is there.
        foreach ((string feature, (OnnxValue members_BSD, OnnxValue mask_BS)) in sequences)
            vectors.Add(feature, model.AttentionOf(feature).Export(members_BSD, mask_BS, vectors[model.Plan.Targets[feature].Feature]));
        OnnxValue x_BF = OnnxValue.Cat(1, [.. model.Input.Columns.Select(c => vectors[c.Name])]);
        // q = p / (p + (1 − p) / keep) adds ln(keep) to the logit.
        graph.Output(ModelExport.OutputOf(inputs), (model.ExportNetwork(x_BF) + Math.Log(keptNegatives)).Sigmoid(), -1, model.Tasks);
        graph.Write(path);
        return inputs;

        void Members(IdTable table, OnnxValue rows_BS, out OnnxValue members_BSD, out OnnxValue mask_BS)
        {
            mask_BS = rows_BS.IsThere();
            members_BSD = graph.Stored(RowsOf(table.Name)).Take(0, rows_BS.AtLeast(graph.Constant([0], scalar: true))) * mask_BS.Unsqueeze(2);
        }

        OnnxValue Pooled(IdTable table, OnnxValue members_BSD, OnnxValue mask_BS)
        {
            OnnxValue count_B1 = mask_BS.Sum(1, keep: true), one = graph.Constant(1f), some_B1 = count_B1.AtLeast(one);
            OnnxValue mean_BD = members_BSD.Sum(1) / some_B1;
            // max(count, 1) − count is 1 where there is nothing.
            return table.Settings.Missing == MissingValue.Learned
                ? mean_BD + (some_B1 - count_B1) * graph.Stored(RowsOf(table.Name)).Narrow(0, table.Count + 1, 1)
                : mean_BD;
        }
    }
}

/// <summary>What the caller of a graph gives.</summary>
/// <param name="Name">Of the input: the feature's.</param>
/// <param name="Type">float32: numbers; int64: rows of a table, −1 for nothing.</param>
/// <param name="Shape">Its dimensions: batch, then one id, a list padded with −1 (members, at least one), or that many numbers.</param>
/// <param name="Table">Of ids: the table.</param>
public sealed record OnnxInput(string Name, string Type, IReadOnlyList<object> Shape, string? Table);
