using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using MessagePack;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Http;

/// <summary>
/// Turns a MessagePack body into the same JSON, so that there is one reader with one set of refusals. What JSON cannot hold
/// becomes something that this reader refuses at its place: NaN as text, text that is no UTF-8 as half a surrogate pair.
/// </summary>
internal static class MessagePackBody
{
    const int MaxDepth = 64;

    /// <exception cref="RequestRefusedException">The bytes are no MessagePack, nested too deep, or of a type that JSON has not.</exception>
    public static void ToJson(ReadOnlyMemory<byte> body, IBufferWriter<byte> json)
    {
        var reader = new MessagePackReader(body);
        try
        {
            using var writer = new Utf8JsonWriter(json, new() { SkipValidation = true, MaxDepth = MaxDepth + 1 });
            Write(ref reader, writer, 0);
            writer.Flush();
        }
        catch (Exception e) when (e is MessagePackSerializationException or EndOfStreamException or OverflowException or ArgumentException)
        {
            throw Refuse(reader, "bytes that are no MessagePack", "one MessagePack map");
        }
        if (!reader.End) throw Refuse(reader, "more bytes after the map", "one MessagePack map");
    }

    static void Write(ref MessagePackReader reader, Utf8JsonWriter json, int depth)
    {
        if (depth > MaxDepth) throw Refuse(reader, $"more than {MaxDepth} levels", $"at most {MaxDepth}");
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Nil:
                reader.ReadNil();
                json.WriteNullValue();
                break;
            case MessagePackType.Boolean:
                json.WriteBooleanValue(reader.ReadBoolean());
                break;
            case MessagePackType.Integer:
                if (reader.NextCode is MessagePackCode.UInt64) json.WriteNumberValue(reader.ReadUInt64());
                else json.WriteNumberValue(reader.ReadInt64());
                break;
            case MessagePackType.Float:
                if (reader.NextCode == MessagePackCode.Float32) WriteFloat(json, reader.ReadSingle());
                else WriteDouble(json, reader.ReadDouble());
                break;
            case MessagePackType.String:
                WriteText(json, Utf8Of(ref reader));
                break;
            case MessagePackType.Array:
                json.WriteStartArray();
                for (int n = reader.ReadArrayHeader(); n > 0; n--) Write(ref reader, json, depth + 1);
                json.WriteEndArray();
                break;
            case MessagePackType.Map:
                json.WriteStartObject();
                for (int n = reader.ReadMapHeader(); n > 0; n--)
                {
                    if (reader.NextMessagePackType != MessagePackType.String) throw Refuse(reader, $"a key of type {reader.NextMessagePackType}", "text as key");
                    ReadOnlySequence<byte> key = Utf8Of(ref reader);
                    if (!Utf8.IsValid(Span(key))) throw Refuse(reader, "a key that is not valid UTF-8", "text as key");
                    json.WritePropertyName(Span(key));
                    Write(ref reader, json, depth + 1);
                }
                json.WriteEndObject();
                break;
            case MessagePackType.Extension when reader.CreatePeekReader().ReadExtensionFormatHeader().TypeCode == ReservedMessagePackExtensionTypeCode.DateTime:
                json.WriteStringValue(reader.ReadDateTime().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture));
                break;
            default:
                throw Refuse(reader, $"a value of type {reader.NextMessagePackType}", "nil, true, false, a number, text, a list, a map or a timestamp");
        }
    }

    static void WriteFloat(Utf8JsonWriter json, float value)
    {
        if (float.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    static void WriteText(Utf8JsonWriter json, ReadOnlySequence<byte> text)
    {
        ReadOnlySpan<byte> utf8 = Span(text);
        if (Utf8.IsValid(utf8)) json.WriteStringValue(utf8);
        else json.WriteRawValue("\"\\ud800\""u8, skipInputValidation: true);
    }

    static ReadOnlySequence<byte> Utf8Of(ref MessagePackReader reader) => reader.ReadStringSequence() ?? default;

    static ReadOnlySpan<byte> Span(ReadOnlySequence<byte> bytes) => bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();

    static RequestRefusedException Refuse(in MessagePackReader reader, string found, string expected) =>
        RequestRefusedException.Field400("$", string.Create(CultureInfo.InvariantCulture, $"{found} at byte {reader.Consumed}"), expected);
}
