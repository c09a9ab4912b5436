using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Writing;

/// <summary>
/// Writes a spec as JSON, every default spelt out. JSON is YAML, so <see cref="SpecReader"/> reads it back to the same spec; a
/// model version keeps this text, overrides included, and the hashes are taken of it.
/// </summary>
public static class SpecWriter
{
    /// <summary>The whole spec.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="indented">For people; otherwise on one line.</param>
    public static byte[] ToJson(RankingSpec spec, bool indented = false) => Write(spec, indented, _ => true);

    /// <summary>Only those of the spec's members that <paramref name="keep"/> says, by their names in the file.</summary>
    internal static byte[] Write(RankingSpec spec, bool indented, Func<string, bool> keep)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new() { Indented = indented, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            WriteRecord(json, spec, keep);
        return stream.ToArray();
    }

    static void WriteRecord(Utf8JsonWriter json, object record, Func<string, bool> keep)
    {
        RecordShape shape = RecordShape.Of(record.GetType());
        json.WriteStartObject();
        if (record is FeatureSpec) json.WriteString("type", RecordShape.KindOf(record.GetType()));
        foreach (SpecMember member in shape.Members)
        {
            if (member.Property.GetValue(record) is not { } value || !keep(member.Name)) continue;
            json.WritePropertyName(member.Name);
            WriteValue(json, value, member);
        }
        json.WriteEndObject();
    }

    static void WriteValue(Utf8JsonWriter json, object value, SpecMember member)
    {
        switch (value)
        {
            case string text:
                json.WriteStringValue(text);
                break;
            case bool or int or ulong or double:
                json.WriteRawValue(SpecScalar.Write(value, member));
                break;
            case IDictionary map:
                json.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    json.WritePropertyName((string)entry.Key);
                    WriteValue(json, entry.Value!, member);
                }
                json.WriteEndObject();
                break;
            case not null when SpecScalar.IsScalar(value.GetType()):
                json.WriteStringValue(SpecScalar.Write(value, member));
                break;
            case IEnumerable list:
                json.WriteStartArray();
                foreach (object item in list) WriteValue(json, item, member);
                json.WriteEndArray();
                break;
            default:
                WriteRecord(json, value!, _ => true);
                break;
        }
    }
}
