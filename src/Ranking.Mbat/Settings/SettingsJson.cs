using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ranking.Mbat;

/// <summary>Settings as JSON: snake_case names, unknown ones refused, values that equal the default may be absent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    ReadCommentHandling = JsonCommentHandling.Skip,
    WriteIndented = true)]
[JsonSerializable(typeof(MbatSettings))]
[JsonSerializable(typeof(SettingsDocument))]
internal sealed partial class SettingsJson : JsonSerializerContext;

/// <summary>Names of an enumeration in snake_case; numbers are refused.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;

/// <summary>The table of weights in base 64.</summary>
internal sealed class LeafWeightsJson : JsonConverter<LeafWeights>
{
    public override LeafWeights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return LeafWeights.Load(new MemoryStream(reader.GetBytesFromBase64()));
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new JsonException("leaf_weights: " + error.Message, error);
        }
    }

    public override void Write(Utf8JsonWriter writer, LeafWeights value, JsonSerializerOptions options)
    {
        MemoryStream stream = new();
        value.Save(stream);
        writer.WriteBase64StringValue(stream.ToArray());
    }
}
