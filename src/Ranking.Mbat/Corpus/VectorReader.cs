using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ranking.Mbat;

/// <summary>Reads what <see cref="VectorWriter"/> wrote: the way from <c>encode</c> to <c>index build</c>.</summary>
public static partial class VectorReader
{
    /// <summary>The settings that lie beside a file of vectors, or null.</summary>
    public static MbatSettings? SettingsBeside(string path) =>
        File.Exists(path + ".settings.json") ? MbatSettings.FromJson(File.ReadAllBytes(path + ".settings.json")) : null;

    /// <summary>Ids and vectors, one after another.</summary>
    /// <param name="path">A .npy or .f32 file with its .ids, or JSON lines (plain or gzip) of id and vector.</param>
    /// <param name="dimension">D.</param>
    /// <exception cref="InvalidDataException">The file is none of these, of another dimension, or its ids are too few or too many.</exception>
    public static IEnumerable<(string Id, float[] Vector)> Read(string path, int dimension)
    {
        if (path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
            return ReadFloats(path, dimension, npy: true);
        if (path.EndsWith(".f32", StringComparison.OrdinalIgnoreCase))
            return ReadFloats(path, dimension, npy: false);
        return ReadLines(path, dimension);
    }

    private static IEnumerable<(string, float[])> ReadFloats(string path, int dimension, bool npy)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 18);
        if (npy)
            SkipNpyHeader(file, path, dimension);
        long count = (file.Length - file.Position) / (4L * dimension);
        if (file.Position + count * 4 * dimension != file.Length)
            throw new InvalidDataException($"{path}: {file.Length} bytes are no whole number of vectors of {dimension} floats");
        using StreamReader ids = new(path + ".ids", Encoding.UTF8);
        for (long row = 0; row < count; row++)
        {
            float[] vector = new float[dimension];
            file.ReadExactly(MemoryMarshal.AsBytes(vector.AsSpan()));
            yield return (ids.ReadLine() ?? throw new InvalidDataException($"{path}.ids: {row} ids, {count} are expected"), vector);
        }
        if (ids.ReadLine() is not null)
            throw new InvalidDataException($"{path}.ids: more than {count} ids, {count} are expected");
    }

    private static void SkipNpyHeader(FileStream file, string path, int dimension)
    {
        byte[] start = new byte[10];
        file.ReadAtLeast(start, 10, throwOnEndOfStream: false);
        byte[] dict = new byte[start[8] | start[9] << 8];
        ReadOnlySpan<byte> magic = [0x93, .. "NUMPY"u8, 1];
        if (!magic.SequenceEqual(start.AsSpan(0, 7)) || file.ReadAtLeast(dict, dict.Length, false) < dict.Length)
            throw new InvalidDataException($"{path}: no .npy file of version 1");
        string text = Encoding.ASCII.GetString(dict);
        Match shape = Shape().Match(text);
        if (!shape.Success || !text.Contains("'<f4'", StringComparison.Ordinal) || text.Contains("True", StringComparison.Ordinal))
            throw new InvalidDataException($"{path}: its header is {text.Trim()}, a C-ordered (n, {dimension}) of <f4 is expected");
        if (shape.Groups[2].Value != dimension.ToString(CultureInfo.InvariantCulture))
            throw new InvalidDataException($"{path}: its vectors have {shape.Groups[2].Value} numbers, {dimension} are expected");
    }

    private static IEnumerable<(string, float[])> ReadLines(string path, int dimension)
    {
        using CorpusReader reader = CorpusReader.Open(path);
        while (reader.Read(out CorpusDocument line))
            yield return ParseLine(line, path, dimension);
    }

    private static (string, float[]) ParseLine(CorpusDocument line, string path, int dimension)
    {
        string? id = null;
        List<float> vector = new(dimension);
        try
        {
            Utf8JsonReader json = new(line.Json.Span);
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool isId = json.ValueTextEquals("id"u8), isVector = json.ValueTextEquals("vector"u8);
                json.Read();
                if (isId)
                    id = json.TokenType == JsonTokenType.Number ? Encoding.UTF8.GetString(json.ValueSpan) : json.GetString();
                if (!isVector)
                    json.Skip();
                while (isVector && json.Read() && json.TokenType == JsonTokenType.Number)
                    vector.Add(json.GetSingle());
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}, line {line.Line}: {error.Message}", error);
        }
        if (id is null || vector.Count != dimension)
            throw new InvalidDataException($"{path}, line {line.Line}: an object of id and vector with {dimension} numbers is expected, {vector.Count} were found");
        return (id, [.. vector]);
    }

    [GeneratedRegex(@"'shape': \((\d+), (\d+)\)")]
    private static partial Regex Shape();
}
