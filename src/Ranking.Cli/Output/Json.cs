using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ranking.Cli.Output;

/// <summary>How results become JSON: snake_case keys, text as it is, and null for a number that JSON cannot say.</summary>
internal static class Json
{
    /// <summary>Options of every result.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FiniteOrNull<double>(), new FiniteOrNull<float>(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    sealed class FiniteOrNull<T> : JsonConverter<T> where T : struct, System.Numerics.IFloatingPoint<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => T.CreateChecked(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            if (!T.IsFinite(value)) writer.WriteNullValue();
            else if (value is float single) writer.WriteNumberValue(single);
            else writer.WriteNumberValue(double.CreateChecked(value));
        }
    }
}
