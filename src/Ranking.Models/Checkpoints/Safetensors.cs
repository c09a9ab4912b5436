using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Checkpoints;

/// <summary>
/// Reads and writes safetensors files: 8 bytes little-endian length N, N bytes of JSON (name → dtype, shape, data_offsets;
/// <c>__metadata__</c> of strings), then the tensors' bytes, little-endian, row-major, without gaps.
/// </summary>
public static class Safetensors
{
    const long LongestHeader = 100_000_000;

    static readonly (string Name, ScalarType Type, int Bytes)[] Types =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("U8", ScalarType.Byte, 1), ("I8", ScalarType.Int8, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    // A tensor's bytes are a span, which holds 2 GB at most.
    const long NumbersAtOnce = 1 << 24;

    /// <summary>Writes tensors in the order given, and flushes them to the disk.</summary>
    /// <returns>Where each lies: its first byte in the file, and its shape.</returns>
    public static IReadOnlyList<(string Name, long Offset, long[] Shape)> Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        (string Name, Tensor Tensor)[] all = [.. tensors.Select(t => (t.Name, t.Tensor.detach().cpu().contiguous()))];
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        byte[] header = Header(all, metadata ?? new Dictionary<string, string>());
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        file.Write(length);
        file.Write(header);
        List<(string, long, long[])> places = [];
        foreach ((string name, Tensor tensor) in all)
        {
            places.Add((name, file.Position, tensor.shape));
            foreach (Tensor part in Parts(tensor)) file.Write(part.bytes);
        }
        file.Flush(flushToDisk: true);
        return places;
    }

    /// <summary>Reads a file's tensors, on the CPU, into the caller's dispose scope.</summary>
    /// <exception cref="InvalidDataException">Not such a file; the message names the file and what is wrong.</exception>
    public static (Dictionary<string, Tensor> Tensors, Dictionary<string, string> Metadata) Read(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        Exception Wrong(string what) => new InvalidDataException($"{path}: {what}");
        if (file.Length < 8) throw Wrong($"found {file.Length} bytes, expected a header of at least 8");
        byte[] eight = new byte[8];
        file.ReadExactly(eight);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(eight);
        if (length > LongestHeader || (long)length > file.Length - 8) throw Wrong($"found a header length of {length}, expected at most {file.Length - 8}");
        byte[] header = new byte[length];
        file.ReadExactly(header);
        long first = file.Position, bytes = file.Length - first;
        JsonDocument json;
        try { json = JsonDocument.Parse(header); }
        catch (JsonException e) { throw Wrong($"the header is not JSON: {e.Message}"); }

        using JsonDocument parsed = json;
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        List<(long Begin, long End)> spans = [];
        if (json.RootElement.ValueKind != JsonValueKind.Object) throw Wrong("the header is not a JSON object");
        foreach (JsonProperty entry in json.RootElement.EnumerateObject())
        {
            try
            {
                if (entry.Name == "__metadata__")
                {
                    foreach (JsonProperty pair in entry.Value.EnumerateObject()) metadata[pair.Name] = pair.Value.GetString() ?? "";
                    continue;
                }
                string typeName = entry.Value.GetProperty("dtype").GetString() ?? "";
                (string Name, ScalarType Type, int Bytes) type = Types.FirstOrDefault(t => t.Name == typeName);
                if (type.Bytes == 0) throw Wrong($"tensor '{entry.Name}': found dtype '{typeName}', expected one of {string.Join(", ", Types.Select(t => t.Name))}");
                long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
                long[] offsets = [.. entry.Value.GetProperty("data_offsets").EnumerateArray().Select(d => d.GetInt64())];
                long size = shape.Aggregate((long)type.Bytes, (a, d) => d >= 0 ? checked(a * d) : throw Wrong($"tensor '{entry.Name}': found a negative dimension"));
                if (offsets.Length != 2 || offsets[0] < 0 || offsets[1] > bytes || offsets[1] - offsets[0] != size)
                    throw Wrong($"tensor '{entry.Name}': found data_offsets [{string.Join(", ", offsets)}], expected {size} bytes within {bytes}");
                spans.Add((offsets[0], offsets[1]));
                Tensor tensor = empty(shape, type.Type);
                file.Position = first + offsets[0];
                foreach (Tensor part in Parts(tensor)) file.ReadExactly(part.bytes);
                if (!tensors.TryAdd(entry.Name, tensor)) throw Wrong($"tensor '{entry.Name}' is there twice");
            }
            catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
            {
                throw Wrong($"entry '{entry.Name}' of the header is malformed: {e.Message}");
            }
        }
        long end = 0;
        foreach ((long Begin, long End) span in spans.Order())
        {
            if (span.Begin != end) throw Wrong($"found a tensor at byte {span.Begin}, expected one at {end}");
            end = span.End;
        }
        if (end != bytes) throw Wrong($"found {bytes} bytes of tensors, expected {end}");
        return (tensors, metadata);
    }

    static IEnumerable<Tensor> Parts(Tensor tensor)
    {
        using Tensor flat = tensor.reshape(-1);
        for (long start = 0, count = tensor.numel(); start < count; start += NumbersAtOnce)
        {
            using Tensor part = flat.narrow(0, start, Math.Min(NumbersAtOnce, count - start));
            yield return part;
        }
    }

    static byte[] Header((string Name, Tensor Tensor)[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach ((string name, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(name, value);
            json.WriteEndObject();
            long offset = 0;
            foreach ((string name, Tensor tensor) in tensors)
            {
                (string Name, ScalarType Type, int Bytes) type = Types.FirstOrDefault(t => t.Type == tensor.dtype);
                if (type.Bytes == 0) throw new NotSupportedException($"tensor '{name}' is {tensor.dtype}, which safetensors files of ours do not hold");
                long size = tensor.numel() * type.Bytes;
                json.WriteStartObject(name);
                json.WriteString("dtype", type.Name);
                json.WriteStartArray("shape");
                foreach (long d in tensor.shape) json.WriteNumberValue(d);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += size);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Spaces after the JSON are allowed and align the data to 8 bytes.
        while (stream.Length % 8 != 0) stream.WriteByte((byte)' ');
        return stream.ToArray();
    }
}
