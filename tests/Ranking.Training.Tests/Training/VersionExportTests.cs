using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Tables;
using Ranking.Training.Batches;
using Ranking.Training.Export;
using Ranking.Training.Registry;
using Ranking.Training.Tests.Registry;

namespace Ranking.Training.Tests.Training;

public sealed class VersionExportTests
{
    [Fact]
    public void Another_reader_finds_every_weight_and_row_and_the_card_says_where_they_belong()
    {
        using TemporaryFolder folder = new();
        ModelVersion version = Trained(folder, new ModelSpec(D: 8, H: 2, L: 1));
        string export = folder["export"];
        IReadOnlyList<string> files = VersionExport.Write(version, export);
        Assert.Equal(["weights.safetensors", "table-user.safetensors", "table-item.safetensors", "model.onnx", "card.json"], files);

        using RankingModel model = (RankingModel)VersionModel.Load(version);
        Dictionary<string, (string Type, long[] Shape, byte[] Bytes)> weights = Read(Path.Combine(export, files[0]));
        Assert.Equal(model.Parameters.Names.Order(), weights.Keys.Order());
        foreach (string name in weights.Keys)
        {
            Assert.Equal("F32", weights[name].Type);
            Assert.Equal(model.Parameters[name].shape, weights[name].Shape);
            Assert.Equal(model.Parameters.ToArray(name), MemoryMarshal.Cast<byte, float>(weights[name].Bytes).ToArray());
        }

        IdTable table = model.Tables["item"];
        var tensors = Read(Path.Combine(export, "table-item.safetensors"));
        long[] offsets = MemoryMarshal.Cast<byte, long>(tensors["id_offsets"].Bytes).ToArray();
        Assert.Equal(table.Count, offsets.Length - 1);
        float[] rows = MemoryMarshal.Cast<byte, float>(tensors["rows"].Bytes).ToArray();
        for (int i = 0; i < table.Count; i++)
        {
            string id = Encoding.UTF8.GetString(tensors["ids"].Bytes.AsSpan((int)offsets[i]..(int)offsets[i + 1]));
            Assert.Equal(table.Row(table.Find(id)).ToArray(), rows[(i * 4)..(i * 4 + 4)]);
        }
        Assert.Equal([table.Count + 2, 4], tensors["rows"].Shape);
        Assert.Equal([.. table.Row(IdTable.Shared), .. table.Row(IdTable.Missing)], rows[(table.Count * 4)..]);

        JsonElement card = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(export, "card.json")));
        Assert.Equal(["user 0 4", "item 4 4", "x 8 1"], card.GetProperty("input").EnumerateArray().Select(c => $"{c.GetProperty("feature")} {c.GetProperty("offset")} {c.GetProperty("width")}"));
        Assert.Equal(["user user", "item item", "x "], card.GetProperty("onnx").GetProperty("inputs").EnumerateArray().Select(i => $"{i.GetProperty("name")} {i.GetProperty("table")}"));
        Assert.Equal(ErrorCodes.FileNotUsable, Assert.Throws<RankingException>(() => VersionExport.Write(version, export)).Error);
    }

    [Fact]
    public void Trees_are_exported_as_text()
    {
        using TemporaryFolder folder = new();
        ModelVersion version = Trained(folder, new ModelSpec(Kind: "lightgbm", Rounds: 3));
        Assert.Equal(["trees.json", "trees-click.txt", "trees-buy.txt", "card.json"], VersionExport.Write(version, folder["export"]));
        Assert.StartsWith("tree\n", File.ReadAllText(Path.Combine(folder["export"], "trees-click.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_exported_and_imported_scores_with_the_same_bits_and_learns_on()
    {
        using TemporaryFolder folder = new();
        ModelVersion version = Trained(folder, new ModelSpec(D: 8, H: 2, L: 1, Norm: "batch"));
        VersionExport.Write(version, folder["export"]);
        ModelRegistry other = new(folder["other"]);
        RankingSpec spec = VersionModel.SpecOf(version);
        ModelVersion imported = VersionImport.Publish(other, "small", spec, folder["export"]);
        Assert.Equal(Scores(version), Scores(imported));
        TrainingOutcome more = new Trainer(other).Train(new TrainingRun { Spec = spec, Examples = new ExampleList(SmallProblem.Examples(200, 9)), FromVersion = 1 });
        Assert.NotEqual(Scores(imported), Scores(other.Open("small", more.Version!.Value)));

        static float[] Scores(ModelVersion of)
        {
            using IScoringModel model = VersionModel.Load(of);
            return model.Score([.. SmallProblem.Examples(50, 3, users: 60).Select(e => e.Features)]);
        }
    }

    [Theory]
    [InlineData("another width", "weights.safetensors", "head.weight", 16)]
    [InlineData("another kind", "weights.safetensors", "missing", 8)]
    public void Weights_that_do_not_fit_are_refused_by_name(string what, string file, string tensor, int dim)
    {
        using TemporaryFolder folder = new();
        VersionExport.Write(Trained(folder, new ModelSpec(D: 8, H: 2, L: 1)), folder["export"]);
        RankingSpec spec = SmallProblem.Spec(new TrainingSpec(Batch: 64), what == "another kind" ? new ModelSpec("dcnv2") : new ModelSpec(D: dim, H: 2, L: 1));
        RankingException refused = Assert.Throws<RankingException>(() => VersionImport.Publish(new ModelRegistry(folder["other"]), "small", spec, folder["export"]));
        Assert.Equal(ErrorCodes.ImportRefused, refused.Error);
        Assert.Contains(file, refused.Message, StringComparison.Ordinal);
        if (what == "another kind") Assert.Contains(tensor, refused.Message, StringComparison.Ordinal);
        else Assert.Contains("expected [", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder["other"], "small", "1")));
    }

    [Fact]
    public void Tables_that_do_not_fit_are_refused_by_name()
    {
        using TemporaryFolder folder = new();
        ModelVersion version = Trained(folder, new ModelSpec(D: 8, H: 2, L: 1));
        VersionExport.Write(version, folder["export"]);
        string file = Path.Combine(folder["export"], "table-item.safetensors");
        byte[] whole = File.ReadAllBytes(file);
        Refused(bytes => bytes[..^9], "data_offsets");
        // The ids are the one text in the file: i0 to i29. Two that are one, and one that is no UTF-8.
        int at = whole.AsSpan().IndexOf("i17"u8);
        Refused(bytes => { "i18"u8.CopyTo(bytes.AsSpan(at)); return bytes; }, "'i18' twice");
        Refused(bytes => { bytes[at] = 0xFF; return bytes; }, "UTF-8");
        File.Delete(file);
        Refused(null, "missing");

        void Refused(Func<byte[], byte[]>? damage, string says)
        {
            if (damage is not null) File.WriteAllBytes(file, damage([.. whole]));
            RankingException refused = Assert.Throws<RankingException>(() => VersionImport.Publish(new ModelRegistry(folder["other"]), "small", VersionModel.SpecOf(version), folder["export"]));
            Assert.Equal(ErrorCodes.ImportRefused, refused.Error);
            Assert.Contains("table-item.safetensors", refused.Message, StringComparison.Ordinal);
            Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        }
    }

    static ModelVersion Trained(TemporaryFolder folder, ModelSpec model)
    {
        ModelRegistry registry = new(folder["registry"]);
        new Trainer(registry).Train(new TrainingRun { Spec = SmallProblem.Spec(new TrainingSpec(Batch: 64), model), Examples = new ExampleList(SmallProblem.Examples(600, 1)) });
        return registry.Open("small");
    }

    /// <summary>From the format's page: 8 bytes of length, JSON, then the bytes that data_offsets name.</summary>
    static Dictionary<string, (string Type, long[] Shape, byte[] Bytes)> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        return JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(file.AsSpan(8, header))!.Where(e => e.Key != "__metadata__").ToDictionary(e => e.Key, e =>
        {
            int[] at = e.Value.GetProperty("data_offsets").Deserialize<int[]>()!;
            return (e.Value.GetProperty("dtype").GetString()!, e.Value.GetProperty("shape").Deserialize<long[]>()!, file[(8 + header + at[0])..(8 + header + at[1])]);
        });
    }
}
