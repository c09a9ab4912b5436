using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ranking.Client.Formats;

/// <summary>How the contracts look as JSON: snake case, nulls left out, no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RankRequest))]
[JsonSerializable(typeof(RankAnswer))]
[JsonSerializable(typeof(SimilarRequest))]
[JsonSerializable(typeof(SimilarAnswer))]
[JsonSerializable(typeof(ModelsAnswer))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, FeatureValue>))]
public sealed partial class RankingJson : JsonSerializerContext;

/// <summary>Reads and writes a value as JSON: null, text, number, or a list of either.</summary>
public sealed class FeatureValueJsonConverter : JsonConverter<FeatureValue>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override FeatureValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: return default;
            case JsonTokenType.String: return FeatureValue.Of(reader.GetString()!);
            case JsonTokenType.Number: return FeatureValue.Of(reader.GetDouble());
            case JsonTokenType.StartArray: return ReadList(ref reader);
            default: throw new JsonException($"a value is text, a number or a list of either, not {reader.TokenType}");
        }
    }

    static FeatureValue ReadList(ref Utf8JsonReader reader)
    {
        var ids = new List<string>();
        var numbers = new List<double>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String && numbers.Count == 0) ids.Add(reader.GetString()!);
            else if (reader.TokenType == JsonTokenType.Number && ids.Count == 0) numbers.Add(reader.GetDouble());
            else throw new JsonException($"a list holds ids or numbers, not {reader.TokenType} among others");
        }
        return numbers.Count > 0 ? FeatureValue.Of(numbers) : FeatureValue.Of(ids);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, FeatureValue value, JsonSerializerOptions options)
    {
        switch (value.Value)
        {
            case null: writer.WriteNullValue(); break;
            case string id: writer.WriteStringValue(id); break;
            case double number: writer.WriteNumberValue(number); break;
            case string[] ids:
                writer.WriteStartArray();
                foreach (string id in ids) writer.WriteStringValue(id);
                writer.WriteEndArray();
                break;
            case double[] numbers:
                writer.WriteStartArray();
                foreach (double number in numbers) writer.WriteNumberValue(number);
                writer.WriteEndArray();
                break;
        }
    }
}

/// <summary>Writes a candidate as its id where it has no features of its own.</summary>
public sealed class CandidateJsonConverter : JsonConverter<Candidate>
{
    /// <inheritdoc/>
    public override Candidate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String) return new(reader.GetString()!);
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException($"a candidate is an id or an object, not {reader.TokenType}");
        string? id = null;
        IReadOnlyDictionary<string, FeatureValue>? features = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8), isFeatures = reader.ValueTextEquals("features"u8);
            reader.Read();
            if (isId) id = reader.GetString();
            else if (isFeatures) features = JsonSerializer.Deserialize(ref reader, RankingJson.Default.IReadOnlyDictionaryStringFeatureValue);
            else reader.Skip();
        }
        return new(id ?? throw new JsonException("a candidate has no id"), features);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Candidate value, JsonSerializerOptions options)
    {
        if (value.Features is null)
        {
            writer.WriteStringValue(value.Id);
            return;
        }
        writer.WriteStartObject();
        writer.WriteString("id"u8, value.Id);
        writer.WritePropertyName("features"u8);
        JsonSerializer.Serialize(writer, value.Features, RankingJson.Default.IReadOnlyDictionaryStringFeatureValue);
        writer.WriteEndObject();
    }
}
