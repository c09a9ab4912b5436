namespace Ranking.Features.Spec.Reading;

/// <summary>Settings such as <c>model.d=64</c> that replace values of the file and go through the same checks.</summary>
static class SpecOverrides
{
    /// <summary>Puts the value at the path, making the maps on the way that the file does not have.</summary>
    public static void Apply(MapNode root, string path, string value, SpecErrors errors)
    {
        string file = $"--set {path}";
        var place = new Place(file, 1, 1);
        string[] steps = path.Split('.');
        if (steps.Any(s => s.Length == 0) || steps.Length > 8)
        {
            errors.Add(place, $"the path {ScalarNode.Quote(path)}", "keys with dots between them, such as model.d");
            return;
        }
        SpecNode? node = value.Length == 0 ? new ScalarNode(place, "", plain: true) : YamlTree.Read(value, file, errors);
        if (node is null) return;
        MapNode map = root;
        foreach (string step in steps[..^1])
        {
            if (!map.Entries.TryGetValue(step, out MapEntry entry)) map.Entries[step] = entry = new(place, new MapNode(place));
            if (entry.Value is not MapNode inner)
            {
                errors.Add(place, $"{entry.Value.Description} at \"{step}\"", "a map: a list is replaced as a whole");
                return;
            }
            map = inner;
        }
        map.Entries[steps[^1]] = new(place, node);
    }
}
