using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;

namespace Ranking.Streams.Contracts;

/// <summary>
/// Records of source topics as JSON objects, with the names that a spec's SQL yields: time, request_id, user, item, position, kind,
/// value, id, doc, or where the spec says they are; context fields lie beside them or in an object <c>context</c>. An object with nothing
/// but a time is a heartbeat.
/// </summary>
static class JsonRecord
{
    static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    public static bool IsJson(ReadOnlySpan<byte> value) => value.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    public static SourceMessage Decode(string topic, byte[] value, OrderedDictionary<string, ContextFieldSpec> context, OrderedDictionary<string, string>? paths)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(value, Options);
            var o = new JsonFields(document.RootElement, paths);
            long timeMs = Time(o);
            if (o.IsTimeAlone) return new(timeMs, null);
            return new(timeMs, topic switch
            {
                "impressions" => new Impression(timeMs, Id(o, "request_id"), Id(o, "user"), Id(o, "item"), Position(o), [.. context.Select(c => Context(o, c.Key, c.Value.Type))]),
                "feedback" => new Feedback(timeMs, OptionalId(o, "request_id"), Id(o, "user"), Id(o, "item"), Id(o, "kind"), Amount(o)),
                "served" => throw new MessageFormatException("a JSON object, where only the ranker writes"),
                _ => new EntityDocument(timeMs, topic["entities.".Length..], Id(o, "id"), Document(o)),
            });
        }
        catch (JsonException e)
        {
            throw new MessageFormatException($"no JSON: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    static long Time(JsonFields o)
    {
        if (o.TryGet("time", out JsonElement time))
        {
            if (time.ValueKind == JsonValueKind.Number && time.TryGetInt64(out long ms)) return ms;
            if (time.ValueKind == JsonValueKind.String && EventTime.Parse(time.GetString()!) is { } parsed) return parsed;
        }
        throw Wrong(o.NameOf("time"), time, EventTime.Expected);
    }

    static string Id(JsonFields o, string name) => OptionalId(o, name) ?? throw Wrong(o.NameOf(name), default, "an id was expected");

    static string? OptionalId(JsonFields o, string name) =>
        !o.TryGet(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
            : IdOf(value) ?? throw Wrong(o.NameOf(name), value, $"a text of 1 to {Ids.MaxBytes} bytes or an integer was expected");

    // Integers become their decimal text; 1.0 and 1e3 are no ids.
    static string? IdOf(JsonElement value)
    {
        string? id = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number when value.GetRawText() is var raw && raw.AsSpan().IndexOfAnyExceptInRange('0', '9') is -1 or 0 => raw,
            _ => null,
        };
        return Ids.IsValid(id) ? id : null;
    }

    static int? Position(JsonFields o) =>
        !o.TryGet("position", out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int position) && position >= 0 ? position : throw Wrong(o.NameOf("position"), value, "a whole number from 0 was expected");

    static long Amount(JsonFields o)
    {
        if (!o.TryGet("value", out JsonElement value) || value.ValueKind == JsonValueKind.Null) return Feedback.One;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number) && Math.Abs(number) <= 9_000_000_000_000m) return (long)Math.Round(number * Feedback.One);
        throw Wrong(o.NameOf("value"), value, "a number from -9e12 to 9e12 was expected");
    }

    static byte[]? Document(JsonFields o) => !o.TryGet("doc", out JsonElement doc) ? throw Wrong(o.NameOf("doc"), doc, "an object, or null to delete, was expected")
        : doc.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.Object => JsonSerializer.SerializeToUtf8Bytes(doc),
            _ => throw Wrong(o.NameOf("doc"), doc, "an object, or null to delete, was expected"),
        };

    static FieldValue Context(JsonFields o, string name, FieldType type)
    {
        if (!o.TryGetContext(name, out JsonElement value)) return FieldValue.Missing;
        return (type, value.ValueKind) switch
        {
            (_, JsonValueKind.Null) => FieldValue.Missing,
            (FieldType.Id, _) => FieldValue.Of(IdOf(value) ?? throw Wrong(o.NameOf(name), value, "an id was expected")),
            (FieldType.Number, JsonValueKind.Number) when value.TryGetDouble(out double number) && double.IsFinite(number) => FieldValue.Of(number),
            (FieldType.Ids, JsonValueKind.Array) => FieldValue.Of([.. value.EnumerateArray().Select(v => IdOf(v) ?? throw Wrong(o.NameOf(name), v, "a list of ids was expected"))]),
            _ => throw Wrong(o.NameOf(name), value, type == FieldType.Number ? "a number was expected" : "a list of ids was expected"),
        };
    }

    static MessageFormatException Wrong(string field, JsonElement value, string expected)
    {
        string shown = value.ValueKind == JsonValueKind.Undefined ? "is missing" : $"is {(value.GetRawText() is { Length: > 80 } raw ? raw[..80] + "…" : value.GetRawText())}";
        return new(ErrorCodes.FieldInvalid, $"{field} {shown}; {expected}");
    }
}
