using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Ranking.Models.Tests;

/// <summary>A folder of reference numbers: case.json and tensors.bin, as golden/README.md describes them.</summary>
sealed class GoldenCase
{
    readonly Dictionary<string, (long[] Shape, double[] Values)> tensors = [];

    GoldenCase(string folder)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        Name = json.RootElement.GetProperty("case").GetString()!;
        Settings = json.RootElement.GetProperty("settings").Clone();
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "tensors.bin"));
        foreach (JsonElement tensor in json.RootElement.GetProperty("tensors").EnumerateArray())
        {
            long[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
            int offset = tensor.GetProperty("offset").GetInt32(), count = (int)shape.Aggregate(1L, (a, b) => a * b);
            double[] values = new double[count];
            for (int i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(offset + 8 * i));
            tensors.Add(tensor.GetProperty("name").GetString()!, (shape, values));
        }
    }

    public static string Root => Environment.GetEnvironmentVariable("RANKING_GOLDEN") is { Length: > 0 } named ? named
        : Path.Combine(Repository.Root, "..", "shared", "golden");

    public string Name { get; }

    public JsonElement Settings { get; }

    public IEnumerable<string> TensorNames => tensors.Keys;

    public static GoldenCase Read(string name) => new(Path.Combine(Root, name));

    public bool Has(string setting) => Settings.TryGetProperty(setting, out _);

    public int Int(string setting, int missing = 0) => Settings.TryGetProperty(setting, out JsonElement value) ? (int)value.GetDouble() : missing;

    public double Number(string setting, double missing = 0) => Settings.TryGetProperty(setting, out JsonElement value) ? value.GetDouble() : missing;

    public Tensor Tensor(string name, ScalarType type) => tensor(tensors[name].Values, tensors[name].Shape, ScalarType.Float64).to(type);

    /// <summary>Compares relative to the expected tensor's largest magnitude.</summary>
    public void Check(string name, Tensor actual, double tolerance)
    {
        (long[] shape, double[] expected) = tensors[name];
        Assert.Equal(shape, actual.shape);
        double[] values = actual.detach().cpu().to(ScalarType.Float64).contiguous().data<double>().ToArray();
        double largest = expected.Max(Math.Abs), worst = values.Zip(expected, (a, e) => Math.Abs(a - e)).Max();
        Assert.True(worst <= tolerance * largest, $"{Name}: {name} is off by {worst:g3} of {largest:g3}; allowed is {tolerance:g1} of it");
    }
}
