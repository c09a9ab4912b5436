using System.Collections.Immutable;
using System.Text.Json;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;
using Ranking.Mbat;

namespace Ranking.Features.Rows;

/// <summary>Takes from a JSON document the fields that features need.</summary>
public sealed class DocumentReader
{
    static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };
    readonly ImmutableArray<DocumentField> fields;
    readonly string[][] paths;
    readonly MbatEncoder?[] encoders;

    /// <summary>A reader of some fields.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="mbat">How the document becomes a vector; its dimension is the field's.</param>
    public DocumentReader(ImmutableArray<DocumentField> fields, MbatSettings mbat)
    {
        this.fields = fields;
        paths = [.. fields.Select(f => f.Path?.Split('.') ?? [])];
        encoders = [.. fields.Select(f => f.Kind == DocumentFieldKind.Vector ? new MbatEncoder(mbat with { Dimension = f.Size }) : null)];
    }

    /// <summary>The values of the fields, in order. A value of another type, or none, is missing.</summary>
    /// <exception cref="MbatFormatException">The document cannot be encoded, a repeated key for one.</exception>
    /// <exception cref="JsonException">The document is not JSON, or nested deeper than 64.</exception>
    public FieldValue[] Read(ReadOnlyMemory<byte> json)
    {
        var values = new FieldValue[fields.Length];
        using JsonDocument document = JsonDocument.Parse(json, Options);
        for (int i = 0; i < values.Length; i++)
        {
            if (encoders[i] is { } encoder)
            {
                var vector = new float[fields[i].Size];
                encoder.Encode(json.Span, vector);
                values[i] = FieldValue.Of(vector);
                continue;
            }
            JsonElement at = document.RootElement;
            bool found = true;
            foreach (string name in paths[i])
                if (!(found = at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out at))) break;
            if (found) values[i] = Read(at, fields[i]);
        }
        return values;
    }

    static FieldValue Read(JsonElement value, DocumentField field) => field.Kind switch
    {
        DocumentFieldKind.Id => FieldValue.Of(IdOf(value)),
        DocumentFieldKind.Number => NumberOf(value) is { } number ? FieldValue.Of(number) : FieldValue.Missing,
        DocumentFieldKind.NumbersById => value.ValueKind == JsonValueKind.Object ? FieldValue.Of(NumbersOf(value, field.Size)) : FieldValue.Missing,
        _ when value.ValueKind == JsonValueKind.Array =>
            FieldValue.Of([.. value.EnumerateArray().Select(IdOf).OfType<string>().Take(field.Size)]),
        _ => IdOf(value) is { } id ? FieldValue.Of([id]) : FieldValue.Missing,
    };

    static double? NumberOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => null,
    };

    static NumbersById NumbersOf(JsonElement value, int most)
    {
        var numbers = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
            if (Ids.IsValid(member.Name) && NumberOf(member.Value) is { } number && float.IsFinite((float)number) && (numbers.Count < most || numbers.ContainsKey(member.Name))) numbers[member.Name] = (float)number;
        return new(numbers);
    }

    static string? IdOf(JsonElement value)
    {
        string? id = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };
        return Ids.IsValid(id) ? id : null;
    }
}
