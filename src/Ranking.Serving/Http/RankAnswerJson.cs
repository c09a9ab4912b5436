using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ranking.Features.Examples;
using Ranking.Serving.Ranking;

namespace Ranking.Serving.Http;

/// <summary>Writes an answer as JSON, straight from the result: the contract's objects would cost an allocation a score.</summary>
internal static class RankAnswerJson
{
    // The body is no HTML: only what JSON itself asks for is escaped.
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void Write(RankResult result, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("request_id"u8, result.Query.RequestId);
        json.WriteString("model"u8, result.Layout.Model);
        json.WriteBoolean("degraded"u8, result.DegradedReasons.Count > 0);
        json.WriteStartArray("degraded_reasons"u8);
        foreach (string reason in result.DegradedReasons) json.WriteStringValue(reason);
        json.WriteEndArray();
        json.WriteStartArray("ranked"u8);
        int labels = result.Layout.Labels;
        foreach (int place in result.Order.Span)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, result.Query.Candidates[place].Id);
            json.WriteNumber("score"u8, result.Scores[place]);
            json.WriteStartObject("scores"u8);
            for (int l = 0; l < labels; l++) json.WriteNumber(result.Layout.LabelsJson[l], (double)result.Probabilities[place * labels + l]);
            json.WriteEndObject();
            if (result.Query.Explain) WriteFeatures(json, result.Layout.Features, result.Examples[place]);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
    }

    static void WriteFeatures(Utf8JsonWriter json, FeatureLayout layout, FeatureVector example)
    {
        json.WriteStartObject("features"u8);
        foreach (FeatureColumn column in layout.Columns)
        {
            json.WritePropertyName(column.Feature);
            if (column.IsIds)
            {
                ReadOnlySpan<string> ids = example.IdsOf(column.Index);
                if (ids.Length == 0) json.WriteNullValue();
                else if (column.Width == 1) json.WriteStringValue(ids[0]);
                else
                {
                    json.WriteStartArray();
                    foreach (string id in ids) json.WriteStringValue(id);
                    json.WriteEndArray();
                }
            }
            else if (column.Width == 1) json.WriteNumberValue((double)example.Numbers[column.Index]);
            else
            {
                json.WriteStartArray();
                foreach (float number in example.Numbers.AsSpan(column.Index, column.Width)) json.WriteNumberValue((double)number);
                json.WriteEndArray();
            }
        }
        json.WriteEndObject();
    }
}
