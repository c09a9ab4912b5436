using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ranking.Mbat.Tests;

/// <summary>One hash over the bits of many vectors: what every machine, width of vectors and number of threads must give.</summary>
internal static class GoldenVectors
{
    private static readonly string[] Json =
    [
        """{"title":"The Great Gatsby","year":1925,"rating":7.25,"tags":["Drama","novel",["nested",[1,2]]],"x":null,"y":true,"z":{"a":{},"b":[],"c":""}}""",
        """{"a":1,"a":{"b":[1e400,-0,1e-7,9007199254740993]},"b":"Ärger ДОМ 日本 😀 caf\u00e9 2024-03-01T12:00:00Z","n":"12.5"}""",
        "[" + string.Join(",", Enumerable.Range(0, 300).Select(i => $"{{\"k{i % 40}\":\"w{i} w{i % 7} w{i % 3}\"}}")) + "]",
        "\"" + string.Join(" ", Enumerable.Range(0, 5000).Select(i => "w" + (i * i % 101))) + "\"",
        "{" + string.Join(",", Enumerable.Range(0, 100).Select(i => $"\"{i}\":{i * 1.5}")) + "}",
    ];

    /// <summary>Settings by name; documents are encoded under each.</summary>
    public static readonly (string Name, MbatSettings Settings)[] Settings =
    [
        ("default", new()),
        ("raw", new() { Dimension = 1024, Seed = 42, Normalization = Normalization.Raw }),
        ("set", new() { Dimension = 80, Arrays = ArrayMode.Set, CharacterNGrams = 3, NumbersInStrings = true, DatesInStrings = true }),
        ("paths", new() { Paths = [new() { Path = "title", Weight = 2.5 }, new() { Path = "year", Thresholds = [1900, 1950, 2000] }] }),
        ("butterfly", new() { Keys = KeyKind.Butterfly }),
        ("butterfly48", new() { Dimension = 48, Keys = KeyKind.Butterfly, Normalization = Normalization.Raw }),
        ("haar", new() { Dimension = 64, Keys = KeyKind.Haar }),
    ];

    public static string Hash(MbatSettings settings, int threads)
    {
        MbatEncoder encoder = new(settings);
        byte[][] vectors = new byte[4 * Json.Length][];
        Parallel.For(0, vectors.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => vectors[i] = Bytes(encoder.Encode(Json[i % Json.Length])));
        for (int i = Json.Length; i < vectors.Length; i++)
            Assert.Equal(vectors[i % Json.Length], vectors[i]);
        return Convert.ToHexStringLower(SHA256.HashData(vectors.Take(Json.Length).SelectMany(v => v).ToArray()).AsSpan(0, 12));
    }

    public static string All(int threads)
    {
        StringBuilder all = new();
        foreach ((string name, MbatSettings settings) in Settings)
            all.Append(name).Append(' ').Append(Hash(settings, threads)).Append('\n');
        return all.ToString();
    }

    private static byte[] Bytes(float[] vector)
    {
        byte[] bytes = new byte[4 * vector.Length];
        for (int i = 0; i < vector.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), vector[i]);
        return bytes;
    }
}
