using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace Ranking.Features.Spec.Reading;

/// <summary>
/// Turns nodes into spec records. What cannot be bound is an error and is left out, so that everything else can still be
/// checked: a map then lacks that entry, and the whole spec that member.
/// </summary>
sealed partial class SpecBinder(SpecErrors errors)
{
    const string ExpectedName = "a name: a letter, then letters, digits, _ or -, at most 64";

    /// <summary>The whole spec, with whatever could be bound.</summary>
    public RankingSpec BindRoot(MapNode root) => (RankingSpec)BindRecord(RecordShape.Of(typeof(RankingSpec)), root, partly: true)!;

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    private static partial Regex NamePattern();

    /// <summary>The value of a node, or null with an error.</summary>
    object? Bind(Type type, SpecNode node, SpecMember member)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (SpecScalar.IsScalar(type)) return BindScalar(type, node, member);
        if (type == typeof(FeatureSpec)) return BindFeature(node);
        if (!type.IsGenericType) return node is MapNode map ? BindRecord(RecordShape.Of(type), map, partly: false) : Fail(node, "a map");
        return type.GetGenericTypeDefinition() == typeof(OrderedDictionary<,>)
            ? BindMap(type, node, member)
            : BindList(type.GetGenericArguments()[0], node, member);
    }

    object? BindScalar(Type type, SpecNode node, SpecMember member)
    {
        object? value = node is ScalarNode { IsNull: false } scalar ? SpecScalar.Parse(type, scalar.Text, member) : null;
        return value ?? Fail(node, SpecScalar.Expected(type, member));
    }

    object? BindList(Type element, SpecNode node, SpecMember member)
    {
        if (node is not ListNode list) return Fail(node, "a list");
        if (!LengthFits(list.Items.Count, list, member)) return null;
        Array items = Array.CreateInstance(element, list.Items.Count);
        bool whole = true;
        for (int i = 0; i < list.Items.Count; i++)
        {
            object? item = Bind(element, list.Items[i], member);
            whole &= item is not null;
            if (item is not null) items.SetValue(item, i);
        }
        return whole ? items : null;
    }

    IDictionary? BindMap(Type type, SpecNode node, SpecMember member)
    {
        if (node is not MapNode map) return Fail(node, "a map") as IDictionary;
        LengthFits(map.Entries.Count, map, member);
        var result = (IDictionary)Activator.CreateInstance(type)!;
        foreach ((string name, MapEntry entry) in map.Entries)
        {
            if (!NamePattern().IsMatch(name)) errors.Add(entry.KeyPlace, $"the name {ScalarNode.Quote(name)}", ExpectedName);
            else if (Bind(type.GetGenericArguments()[1], entry.Value, member) is { } value) result.Add(name, value);
        }
        return result;
    }

    object? BindFeature(SpecNode node)
    {
        if (node is not MapNode map) return Fail(node, "a map with type");
        string kinds = $"one of: {string.Join(", ", RecordShape.FeatureKinds.Keys)}";
        if (!map.Entries.TryGetValue("type", out MapEntry entry))
        {
            errors.Add(map.Place, "no \"type\"", kinds);
            return null;
        }
        return entry.Value is ScalarNode kind && RecordShape.FeatureKinds.TryGetValue(kind.Text, out Type? type)
            ? BindRecord(RecordShape.Of(type), map, partly: false)
            : Fail(entry.Value, kinds);
    }

    object? BindRecord(RecordShape shape, MapNode map, bool partly)
    {
        var given = new Dictionary<SpecMember, object?>();
        bool whole = true;
        foreach (SpecMember member in shape.Members)
        {
            if (!map.Entries.TryGetValue(member.Name, out MapEntry entry))
            {
                if (!member.Required) continue;
                errors.Add(map.Place, $"no \"{member.Name}\"", ExpectedOf(member));
                whole = false;
            }
            else if (entry.Value is ScalarNode { IsNull: true } && !member.Required && member.Default is null)
            {
                continue; // nothing, and nothing is its default
            }
            else if (Bind(member.Type, entry.Value, member) is { } value) given[member] = value;
            else whole = false;
        }
        bool isFeature = shape.Type.IsSubclassOf(typeof(FeatureSpec));
        foreach ((string key, MapEntry entry) in map.Entries)
        {
            if (isFeature && key == "type" || shape.Members.Any(m => m.Name == key)) continue;
            string[] names = [.. shape.Members.Select(m => m.Name), .. isFeature ? ["type"] : Array.Empty<string>()];
            string expected = NearestName.Of(key, names) is { } near ? $"\"{near}\"" : $"one of: {string.Join(", ", names)}";
            errors.Add(entry.KeyPlace, $"the unknown key {ScalarNode.Quote(key)}", expected);
        }
        return whole || partly ? shape.Construct(given) : null;
    }

    static string ExpectedOf(SpecMember member) => SpecScalar.IsScalar(member.Type) ? SpecScalar.Expected(member.Type, member)
        : member.Type.IsGenericType && member.Type.GetGenericTypeDefinition() != typeof(OrderedDictionary<,>) ? "a list" : "a map";

    bool LengthFits(int count, SpecNode node, SpecMember member)
    {
        if (member.Attribute<LengthAttribute>() is not { } length || count >= length.MinimumLength && count <= length.MaximumLength) return true;
        errors.Add(node.Place, $"{count} entries", $"{length.MinimumLength} to {length.MaximumLength}");
        return false;
    }

    object? Fail(SpecNode node, string expected)
    {
        errors.Add(node.Place, node.Description, expected);
        return null;
    }
}
