using System.Text;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Checkpoints;
using Ranking.Models.Tables;
using Ranking.Models.Trees;
using Ranking.Training.Registry;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Training.Export;

/// <summary>
/// A version for other programs. Neural kinds: <c>weights.safetensors</c> with the dense tensors and <c>table-NAME.safetensors</c> for each
/// table; trees: a file a label in LightGBM's text format. <c>card.json</c> says what they are and how an example becomes the input.
/// </summary>
public static class VersionExport
{
    const string CardFile = "card.json";
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    /// <summary>Writes a version's files.</summary>
    /// <param name="version">The version, opened and so checked.</param>
    /// <param name="folder">A folder that is empty or does not exist.</param>
    /// <returns>Names of the files.</returns>
    /// <exception cref="RankingException">The folder holds something, or the version cannot be read.</exception>
    public static IReadOnlyList<string> Write(ModelVersion version, string folder)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new RankingException(ErrorCodes.FileNotUsable, $"{folder} is not empty; an export is written into a new folder.");
        RankingSpec spec = VersionModel.SpecOf(version);
        using IScoringModel model = VersionModel.Load(version);
        Directory.CreateDirectory(folder);
        List<string> files = [];
        if (model is RankingModel network)
        {
            Add("weights.safetensors", network.Parameters.Names.Select(n => (n, network.Parameters[n])));
            using DisposeScope scope = NewDisposeScope();
            foreach (IdTable table in network.Tables.Values) Add($"table-{Uri.EscapeDataString(table.Name)}.safetensors", Tensors(table));
        }
        else
        {
            files.AddRange(model.Layout.Labels.Select(TreeModel.FileOf).Prepend(TreeModel.CardFile));
            foreach (string file in files) File.Copy(Path.Combine(version.Folder, file), Path.Combine(folder, file));
        }
        var card = new
        {
            version.Info.Name,
            version.Info.Version,
            version.Info.Kind,
            version.Info.Created,
            version.Info.FeatureHash,
            version.Info.Samples,
            model.Layout.Labels,
            spec.Model,
            Input = (model as RankingModel)?.Input.Columns.Select(c => new { feature = c.Name, c.Offset, c.Width, table = model.Layout.Columns.First(l => l.Feature == c.Name).Table }),
            Groups = (model as RankingModel)?.Input.Groups.Select(g => new { group = g.Name, g.Offset, g.Width }),
            Files = files.ToArray(),
            Metrics = File.Exists(version.Metrics) ? JsonSerializer.Deserialize<JsonElement?>(File.ReadAllBytes(version.Metrics)) : null,
        };
        File.WriteAllBytes(Path.Combine(folder, CardFile), JsonSerializer.SerializeToUtf8Bytes(card, Json));
        return [.. files, CardFile];

        void Add(string file, IEnumerable<(string, Tensor)> tensors)
        {
            Safetensors.Write(Path.Combine(folder, file), tensors, new Dictionary<string, string> { ["model"] = version.ToString() });
            files.Add(file);
        }
    }

    /// <summary>
    /// <c>rows</c> [ids, dim]; <c>ids</c>, their UTF-8 one after another, id i at [<c>id_offsets</c>[i], <c>id_offsets</c>[i + 1]); <c>shared</c> for
    /// ids without a row and <c>missing</c> for no id, [dim] each.
    /// </summary>
    static IEnumerable<(string, Tensor)> Tensors(IdTable table)
    {
        List<float> rows = [];
        List<byte> ids = [];
        List<long> offsets = [0];
        foreach ((string id, int row) in table.Ids())
        {
            rows.AddRange(table.Row(row));
            ids.AddRange(Encoding.UTF8.GetBytes(id));
            offsets.Add(ids.Count);
        }
        int dim = table.Settings.Dim;
        return
        [
            ("rows", tensor(rows.ToArray(), [offsets.Count - 1, dim])), ("ids", tensor(ids.ToArray(), [ids.Count])), ("id_offsets", tensor(offsets.ToArray(), [offsets.Count])),
            ("shared", tensor(table.Row(IdTable.Shared).ToArray(), [dim])), ("missing", tensor(table.Row(IdTable.Missing).ToArray(), [dim])),
        ];
    }
}
