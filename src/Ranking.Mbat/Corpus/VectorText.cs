using System.Buffers;
using System.Text.Json;

namespace Ranking.Mbat;

/// <summary>A vector as a line of JSON, <c>{"id": "…", "vector": […]}</c>. For one thread at a time.</summary>
internal sealed class VectorText : IDisposable
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;

    public VectorText() => _json = new Utf8JsonWriter(_line);

    /// <summary>The last line, with its line break.</summary>
    public ReadOnlySpan<byte> Line => _line.WrittenSpan;

    public void Dispose() => _json.Dispose();

    public void Render(string id, ReadOnlySpan<float> vector)
    {
        _line.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("id"u8, id);
        _json.WriteStartArray("vector"u8);
        foreach (float x in vector)
            _json.WriteNumberValue(x);
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
    }
}
