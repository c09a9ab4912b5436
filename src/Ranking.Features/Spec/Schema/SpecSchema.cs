using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Schema;

/// <summary>The JSON schema of <c>spec.yaml</c>, made of the records that the reader fills: editors show it while a spec is written.</summary>
public sealed class SpecSchema
{
    const string Name = "^[A-Za-z][A-Za-z0-9_-]{0,63}$", Duration = "^[0-9]{1,12}(ms|s|m|h|d)$", Window = "^(total|[0-9]{1,12}(ms|s|m|h|d))$";

    static readonly JsonSerializerOptions Options = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly XmlDocs docs;
    readonly JsonObject definitions = [];

    SpecSchema(XmlDocs docs) => this.docs = docs;

    /// <summary>The schema (draft 7), with a final line break.</summary>
    /// <param name="xmlDocs">The XML docs of this assembly, from which descriptions come.</param>
    public static string Generate(string xmlDocs)
    {
        var schema = new SpecSchema(new(xmlDocs));
        JsonObject root = schema.OfRecord(RecordShape.Of(typeof(RankingSpec)));
        var document = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = "Ranking spec" };
        foreach ((string key, JsonNode? value) in root.ToArray())
        {
            root.Remove(key);
            document[key] = value;
        }
        document["definitions"] = schema.definitions;
        return document.ToJsonString(Options) + "\n";
    }

    JsonObject OfRecord(RecordShape shape)
    {
        bool isFeature = shape.Type.IsSubclassOf(typeof(FeatureSpec));
        var properties = new JsonObject();
        var required = new JsonArray();
        if (isFeature)
        {
            properties["type"] = new JsonObject { ["enum"] = new JsonArray(RecordShape.KindOf(shape.Type)) };
            required.Add("type");
        }
        foreach (SpecMember member in shape.Members)
        {
            JsonObject schema = OfValue(member.Type, member);
            if (docs.Of(shape.Type, member) is { } description)
            {
                if (schema.ContainsKey("$ref")) schema = new() { ["allOf"] = new JsonArray(schema) }; // draft 7 ignores what stands beside $ref
                schema["description"] = description;
            }
            if (!member.Required && member.Default is { } value && SpecScalar.IsScalar(value.GetType())) schema["default"] = OfDefault(value, member);
            properties[member.Name] = schema;
            if (member.Required) required.Add(member.Name);
        }
        var result = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (docs.Of(shape.Type) is { } summary) result["description"] = summary;
        if (required.Count > 0) result["required"] = required;
        return result;
    }

    JsonObject OfValue(Type type, SpecMember member)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (SpecScalar.IsScalar(type)) return OfScalar(type, member);
        if (type == typeof(FeatureSpec)) return Reference("feature", OfFeatures);
        if (!type.IsGenericType) return Reference(RecordShape.SnakeCase(type.Name[..^"Spec".Length]), () => OfRecord(RecordShape.Of(type)));
        JsonObject result = type.GetGenericTypeDefinition() == typeof(OrderedDictionary<,>)
            ? new()
            {
                ["type"] = "object",
                ["propertyNames"] = new JsonObject { ["pattern"] = Name },
                ["additionalProperties"] = OfValue(type.GetGenericArguments()[1], member),
            }
            : new() { ["type"] = "array", ["items"] = OfValue(type.GetGenericArguments()[0], member) };
        if (member.Attribute<LengthAttribute>() is { } length)
        {
            string what = result["type"]!.GetValue<string>() == "array" ? "Items" : "Properties";
            result["min" + what] = length.MinimumLength;
            result["max" + what] = length.MaximumLength;
        }
        return result;
    }

    JsonObject OfFeatures() => new() { ["oneOf"] = new JsonArray([.. RecordShape.FeatureKinds.Select(k => (JsonNode)OfRecord(RecordShape.Of(k.Value)))]) };

    JsonObject Reference(string name, Func<JsonObject> define)
    {
        if (!definitions.ContainsKey(name))
        {
            definitions[name] = new JsonObject(); // a definition that uses itself finds the name taken
            definitions[name] = define();
        }
        return new() { ["$ref"] = $"#/definitions/{name}" };
    }

    JsonObject OfScalar(Type type, SpecMember member)
    {
        if (type.IsEnum)
        {
            string?[] words = [.. Enum.GetValues(type).Cast<Enum>().Select(docs.Of)];
            var choice = new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => JsonValue.Create(RecordShape.SnakeCase(n)))]) };
            // Enumerations of another assembly are described by the member that has them.
            if (words.Any(w => w is not null)) choice["markdownEnumDescriptions"] = new JsonArray([.. words.Select(w => JsonValue.Create(w ?? ""))]);
            return choice;
        }
        if (member.Attribute<AllowedValuesAttribute>() is { } allowed) return new() { ["enum"] = new JsonArray([.. allowed.Values.Select(v => JsonValue.Create((string)v!))]) };
        if (member.Attribute<UtcOffsetAttribute>() is not null) return new() { ["type"] = "string", ["pattern"] = "^(Z|UTC|[+-][0-9]{2}:[0-9]{2})$" };
        if (type == typeof(bool)) return new() { ["type"] = "boolean" };
        if (type == typeof(TimeSpan)) return new() { ["type"] = "string", ["pattern"] = Duration };
        if (type == typeof(WindowSpec)) return new() { ["type"] = "string", ["pattern"] = Window };
        if (type == typeof(FieldRef)) return new() { ["type"] = "string" };
        if (type == typeof(string)) return new() { ["type"] = new JsonArray("string", "number", "boolean") }; // any plain word is text
        var number = new JsonObject { ["type"] = type == typeof(double) ? "number" : "integer" };
        if (member.Attribute<RangeAttribute>() is { } range && range.OperandType != typeof(TimeSpan))
        {
            number[range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = Bound(range.Minimum);
            if (range.Maximum is not double.MaxValue) number[range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = Bound(range.Maximum);
        }
        return number;
    }

    static JsonNode Bound(object bound) => JsonNode.Parse(Convert.ToString(bound, CultureInfo.InvariantCulture)!)!;

    static JsonNode OfDefault(object value, SpecMember member) => value is bool or int or ulong or double
        ? JsonNode.Parse(SpecScalar.Write(value, member))!
        : JsonValue.Create(SpecScalar.Write(value, member));
}
