using System.Text.Json;
using Ranking.Features.Spec;

namespace Ranking.Streams.Contracts;

/// <summary>Finds fields in a JSON object, under their own names or where the spec says they are.</summary>
/// <param name="o">The object.</param>
/// <param name="paths">By field the path that the spec gives; null: all have their own names.</param>
readonly struct JsonFields(JsonElement o, OrderedDictionary<string, string>? paths)
{
    /// <summary>Whether the object has no other member than its time's.</summary>
    public bool IsTimeAlone => o.GetPropertyCount() == 1;

    /// <summary>Where a field is looked for, for messages.</summary>
    public string NameOf(string field) => paths?.GetValueOrDefault(field) is { } path && path != field ? $"{field} ({path})" : field;

    /// <summary>Looks a field up.</summary>
    public bool TryGet(string field, out JsonElement value)
    {
        ReadOnlySpan<char> path = paths?.GetValueOrDefault(field) ?? field;
        value = o;
        if (path is JsonSpec.Whole) return true;
        foreach (Range step in path.Split('.'))
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(path[step], out value)) return false;
        return true;
    }

    /// <summary>Looks a context field up: where the spec says, beside the ids, or in an object <c>context</c>.</summary>
    public bool TryGetContext(string field, out JsonElement value) => TryGet(field, out value)
        || (o.TryGetProperty("context", out JsonElement nested) && nested.ValueKind == JsonValueKind.Object && nested.TryGetProperty(field, out value));
}
