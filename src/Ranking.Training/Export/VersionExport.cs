using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Export;
using Ranking.Models.Trees;
using Ranking.Training.Registry;

namespace Ranking.Training.Export;

/// <summary>
/// A version for other programs. Neural kinds: safetensors with the weights and the tables, and an ONNX graph over them (<see cref="ModelExport"/>);
/// trees: a file a label in LightGBM's text format. <c>card.json</c> says what they are and how an example becomes the input.
/// </summary>
public static class VersionExport
{
    internal const string CardFile = "card.json";
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
        IReadOnlyList<string> files;
        IReadOnlyList<OnnxInput>? inputs = null;
        if (model is RankingModel network) (files, inputs) = ModelExport.Write(network, folder, version.ToString(), spec.Negatives.Keep);
        else
        {
            files = [.. model.Layout.Labels.Select(TreeModel.FileOf).Prepend(TreeModel.CardFile)];
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
            KeptNegatives = spec.Negatives.Keep,
            Onnx = inputs is null ? null : new { opset = ModelExport.Opset, inputs, output = ModelExport.OutputOf(inputs) },
            Files = files,
            Metrics = File.Exists(version.Metrics) ? JsonSerializer.Deserialize<JsonElement?>(File.ReadAllBytes(version.Metrics)) : null,
        };
        File.WriteAllBytes(Path.Combine(folder, CardFile), JsonSerializer.SerializeToUtf8Bytes(card, Json));
        return [.. files, CardFile];
    }
}
