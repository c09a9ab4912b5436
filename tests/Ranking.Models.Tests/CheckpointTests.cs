using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Tests;

public class CheckpointTests
{
    static readonly TrainingSpec Everything = new(
        Optimizer: "adagrad", Schedule: "cosine", Warmup: 3, WeightDecay: 1e-4, EmbeddingDecay: 1e-3, ClipNorm: 0.5, Ema: 0.9, Seed: 5);

    [Theory]
    [InlineData("adagrad", 0)]
    [InlineData("adamw", 8)]
    public void Resuming_gives_the_same_bits_as_never_having_stopped(string optimizer, int experts)
    {
        using Folder folder = new();
        FeatureLayout layout = Problem.Layout(table: new TableSpec(8, 2, TimeSpan.FromMinutes(10), 40), pooling: Pooling.Din);
        ModelSpec model = new(D: 16, H: 4, L: 3, Dropout: 0.3, N: 2, Experts: experts, Active: experts / 2);
        TrainingSpec training = Everything with { Optimizer = optimizer };
        Example[][] batches = [.. Problem.Examples(layout, 20 * 64, 3).Chunk(64)];

        using RankingModel straight = new(layout, model, 2);
        using ModelTrainer never = new(straight, training, [1, 0.5], 20);
        foreach (Example[] batch in batches) never.TrainStep(batch);

        using (RankingModel half = new(layout, model, 2))
        {
            using ModelTrainer stopped = new(half, training, [1, 0.5], 20);
            foreach (Example[] batch in batches.Take(10)) stopped.TrainStep(batch);
            stopped.Save(folder.File("half"));
        }
        using ModelTrainer resumed = ModelTrainer.Resume(folder.File("half"), layout, model, training, [1, 0.5], 20);
        foreach (Example[] batch in batches.Skip(10)) resumed.TrainStep(batch);

        never.Save(folder.File("a"));
        resumed.Save(folder.File("b"));
        resumed.Model.Dispose();
        foreach (string file in Directory.GetFiles(folder.File("a")))
            Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder.File("b"), Path.GetFileName(file)))), $"{Path.GetFileName(file)} differs");

        Assert.Throws<InvalidDataException>(() => ModelTrainer.Resume(folder.File("half"), layout, model, training with { Seed = 6 }, null, 20));
        Assert.Throws<InvalidDataException>(() => RankingModel.Load(folder.File("half"), layout, model with { D = 32 }));
    }

    [Fact]
    public void A_file_is_as_the_format_s_page_says()
    {
        using Folder folder = new();
        using DisposeScope scope = NewDisposeScope();
        string path = folder.File("x.safetensors");
        Safetensors.Write(path, [("a \"quoted\"", tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } })), ("n", tensor(new long[] { -7 })), ("empty", zeros(0, 4))],
            new Dictionary<string, string> { ["k"] = "v" });
        // A reader from the page alone: u64 length, JSON, data; offsets are relative to the data.
        byte[] bytes = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using JsonDocument header = JsonDocument.Parse(Encoding.UTF8.GetString(bytes, 8, length));
        Assert.Equal("v", header.RootElement.GetProperty("__metadata__").GetProperty("k").GetString());
        JsonElement a = header.RootElement.GetProperty("a \"quoted\"");
        Assert.Equal("F32", a.GetProperty("dtype").GetString());
        Assert.Equal([2, 3], a.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
        int begin = a.GetProperty("data_offsets")[0].GetInt32(), end = a.GetProperty("data_offsets")[1].GetInt32();
        Assert.Equal(24, end - begin);
        Assert.Equal([1f, 2, 3, 4, 5, 6], Enumerable.Range(0, 6).Select(i => BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(8 + length + begin + 4 * i))));
        int n = header.RootElement.GetProperty("n").GetProperty("data_offsets")[0].GetInt32();
        Assert.Equal(-7, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8 + length + n)));

        (Dictionary<string, Tensor> tensors, Dictionary<string, string> metadata) = Safetensors.Read(path);
        Assert.Equal("v", metadata["k"]);
        Assert.Equal([0L, 4], tensors["empty"].shape);
        Assert.Equal([1f, 2, 3, 4, 5, 6], tensors["a \"quoted\""].data<float>().ToArray());
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "negative")]
    [InlineData("""{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}""", "Q4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "expected one at 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", "malformed")]
    [InlineData("""{"a":{"dtype":"F32","shape":"2","data_offsets":[0,8]}}""", "malformed")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", "malformed")]
    [InlineData("""[1]""", "object")]
    [InlineData("""{"a":""", "JSON")]
    public void A_hostile_header_is_refused_with_what_is_wrong(string header, string expected)
    {
        using Folder folder = new();
        byte[] json = Encoding.UTF8.GetBytes(header), bytes = new byte[8 + json.Length + 8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        string path = folder.File("x.safetensors");
        File.WriteAllBytes(path, bytes);
        using DisposeScope scope = NewDisposeScope();
        string message = Assert.Throws<InvalidDataException>(() => Safetensors.Read(path)).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }
}
