using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MessagePack;
using MessagePack.Formatters;

namespace Ranking.Client.Formats;

/// <summary>How the contracts look as MessagePack: maps with the same keys as in JSON.</summary>
public static class RankingMessagePack
{
    /// <summary>The media type.</summary>
    public const string MediaType = "application/x-msgpack";

    /// <summary>Settings for data from a network.</summary>
    public static MessagePackSerializerOptions Options { get; } = MessagePackSerializerOptions.Standard.WithSecurity(MessagePackSecurity.UntrustedData);
}

/// <summary>Reads and writes a value as nil, text, a number, or a list of either.</summary>
public sealed class FeatureValueFormatter : IMessagePackFormatter<FeatureValue>
{
    /// <inheritdoc/>
    public void Serialize(ref MessagePackWriter writer, FeatureValue value, MessagePackSerializerOptions options)
    {
        switch (value.Value)
        {
            case null: writer.WriteNil(); break;
            case string id: writer.Write(id); break;
            case double number: writer.Write(number); break;
            case string[] ids:
                writer.WriteArrayHeader(ids.Length);
                foreach (string id in ids) writer.Write(id);
                break;
            case double[] numbers:
                writer.WriteArrayHeader(numbers.Length);
                foreach (double number in numbers) writer.Write(number);
                break;
        }
    }

    /// <inheritdoc/>
    public FeatureValue Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Nil: reader.ReadNil(); return default;
            case MessagePackType.String: return FeatureValue.Of(reader.ReadString()!);
            case MessagePackType.Array:
                int count = reader.ReadArrayHeader();
                if (count == 0 || reader.NextMessagePackType == MessagePackType.String)
                {
                    var ids = new string[count];
                    for (int i = 0; i < count; i++) ids[i] = reader.ReadString()!;
                    return FeatureValue.Of(ids);
                }
                var numbers = new double[count];
                for (int i = 0; i < count; i++) numbers[i] = reader.ReadDouble();
                return FeatureValue.Of(numbers);
            default: return FeatureValue.Of(reader.ReadDouble());
        }
    }
}

/// <summary>Writes a candidate as its id where it has no features of its own.</summary>
public sealed class CandidateFormatter : IMessagePackFormatter<Candidate?>
{
    /// <inheritdoc/>
    public void Serialize(ref MessagePackWriter writer, Candidate? value, MessagePackSerializerOptions options)
    {
        if (value?.Features is not { } features)
        {
            writer.Write(value?.Id);
            return;
        }
        writer.WriteMapHeader(2);
        writer.Write("id");
        writer.Write(value.Id);
        writer.Write("features");
        MessagePackSerializer.Serialize(ref writer, features, options);
    }

    /// <inheritdoc/>
    public Candidate? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        if (reader.TryReadNil()) return null;
        if (reader.NextMessagePackType == MessagePackType.String) return new(reader.ReadString()!);
        options.Security.DepthStep(ref reader);
        string? id = null;
        IReadOnlyDictionary<string, FeatureValue>? features = null;
        int count = reader.ReadMapHeader();
        for (int i = 0; i < count; i++)
        {
            switch (reader.ReadString())
            {
                case "id": id = reader.ReadString(); break;
                case "features": features = MessagePackSerializer.Deserialize<IReadOnlyDictionary<string, FeatureValue>>(ref reader, options); break;
                default: reader.Skip(); break;
            }
        }
        reader.Depth--;
        return new(id ?? throw new MessagePackSerializationException("a candidate has no id"), features);
    }
}

/// <summary>A time as ISO 8601 text with its offset, as in JSON.</summary>
public sealed class IsoTimeFormatter : IMessagePackFormatter<DateTimeOffset?>
{
    /// <inheritdoc/>
    public void Serialize(ref MessagePackWriter writer, DateTimeOffset? value, MessagePackSerializerOptions options) =>
        writer.Write(value?.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture));

    /// <inheritdoc/>
    public DateTimeOffset? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options) =>
        reader.ReadString() is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind) : null;
}

/// <summary>A JSON document as the same MessagePack.</summary>
public sealed class DocumentFormatter : IMessagePackFormatter<JsonElement?>
{
    /// <inheritdoc/>
    public void Serialize(ref MessagePackWriter writer, JsonElement? value, MessagePackSerializerOptions options)
    {
        if (value is not { } document) writer.WriteNil();
        else writer.WriteRaw(MessagePackSerializer.ConvertFromJson(document.GetRawText(), options));
    }

    /// <inheritdoc/>
    public JsonElement? Deserialize(ref MessagePackReader reader, MessagePackSerializerOptions options)
    {
        if (reader.TryReadNil()) return null;
        ReadOnlySequence<byte> raw = reader.ReadRaw();
        using JsonDocument document = JsonDocument.Parse(MessagePackSerializer.ConvertToJson(raw, options));
        return document.RootElement.Clone();
    }
}
