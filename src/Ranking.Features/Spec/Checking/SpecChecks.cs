using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Checking;

/// <summary>
/// Checks that what a spec says fits together. The spec may lack what could not be read: names are therefore looked up in the
/// file, so that one mistake does not make others.
/// </summary>
sealed partial class SpecChecks(RankingSpec spec, MapNode root, SpecErrors errors)
{
    static readonly string[] Reserved = ["user", "item", "context", "time", "request_id", FeatureDependencies.Position, "day", "impression"];

    /// <summary>Runs all checks; <paramref name="folder"/> is where the SQL files must lie, null if none are needed.</summary>
    public void Run(string? folder)
    {
        CheckName();
        if (spec.Sources is not null) CheckSources(folder);
        CheckContext();
        CheckEntities();
        CheckLabels();
        CheckLists();
        if (spec.Json is { } json) CheckJson(json);
        CheckTables();
        if (spec.Features is not null) CheckFeatures();
        if (spec.Groups is not null && spec.Features is not null) CheckGroups();
        CheckModel();
    }

    /// <summary>The node at a path of keys and indexes, or the nearest one above it.</summary>
    SpecNode At(params ReadOnlySpan<object> path)
    {
        SpecNode node = root;
        foreach (object step in path)
        {
            if (node is MapNode map && step is string key && map.Entries.TryGetValue(key, out MapEntry entry)) node = entry.Value;
            else if (node is ListNode list && step is int i && i < list.Items.Count) node = list.Items[i];
            else break;
        }
        return node;
    }

    /// <summary>The place of a key.</summary>
    Place KeyAt(string section, string key) =>
        root.Entries.TryGetValue(section, out MapEntry entry) && entry.Value is MapNode map && map.Entries.TryGetValue(key, out MapEntry named) ? named.KeyPlace : root.Place;

    /// <summary>The names that a section of the file declares, readable or not.</summary>
    IReadOnlyCollection<string> Names(string section) =>
        root.Entries.TryGetValue(section, out MapEntry entry) && entry.Value is MapNode map ? map.Entries.Keys : [];

    /// <summary>Whether a section declares a name; a section that cannot be read may declare any.</summary>
    bool Declares(string section, string name) => Names(section).Contains(name) || root.Entries.TryGetValue(section, out MapEntry entry) && entry.Value is not MapNode;

    void CheckName()
    {
        if (spec.Name is { } name && !(name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_')))
            errors.Add(At("name").Place, At("name").Description, "a name of lower-case letters, digits, - and _, at most 64");
    }

    void CheckSources(string? folder)
    {
        CheckFile(folder, spec.Sources.Impressions, At("sources", "impressions"));
        if (spec.Sources.Feedback is { } feedback) CheckFile(folder, feedback, At("sources", "feedback"));
        else errors.Add(At("sources").Place, "no \"feedback\"", "an SQL file: labels are made of feedback");
        foreach ((string kind, string file) in spec.Sources.Entities)
        {
            CheckFile(folder, file, At("sources", "entities", kind));
            if (!Declares("entities", kind))
                errors.Add(At("sources", "entities", kind).Place, $"SQL for entities of kind {ScalarNode.Quote(kind)}", NearestName.Expected("a kind that \"entities\" declares", kind, Names("entities")));
        }
    }

    void CheckFile(string? folder, string file, SpecNode node)
    {
        string[] steps = file.Split('/');
        if (Path.IsPathRooted(file) || file.Contains('\\', StringComparison.Ordinal) || file.Any(char.IsControl) || steps.Any(s => s is "" or "." or ".."))
            errors.Add(node.Place, node.Description, "a file in the spec's folder");
        else if (folder is not null && !File.Exists(Path.Combine(folder, file)))
            errors.Add(node.Place, $"no file {ScalarNode.Quote(file)}", "an SQL file in the spec's folder");
    }

    void CheckContext()
    {
        foreach (string field in Names("context"))
            if (Reserved.Contains(field))
                errors.Add(KeyAt("context", field), $"a context field {ScalarNode.Quote(field)}", $"another name: {string.Join(", ", Reserved)} have a meaning");
    }

    void CheckEntities()
    {
        foreach (string kind in Names("entities"))
        {
            bool known = kind is "user" or "item" || Declares("context", kind);
            ContextFieldSpec? field = spec.Context.GetValueOrDefault(kind);
            if (!known)
                errors.Add(KeyAt("entities", kind), $"entities of kind {ScalarNode.Quote(kind)}", NearestName.Expected("user, item or a context field of type id", kind, ["user", "item", .. Names("context")]));
            else if (field is { Type: not FieldType.Id })
                errors.Add(KeyAt("entities", kind), $"entities of kind {ScalarNode.Quote(kind)}, a context field of type {RecordShape.SnakeCase(field.Type.ToString())}", "a context field of type id");
        }
    }

    void CheckLabels()
    {
        for (int i = 0; i < spec.Feedback.Count; i++) CheckKindName(spec.Feedback[i], At("feedback", i));
        CheckDistinct(spec.Feedback, i => At("feedback", i));
        if (spec.Labels is null) return;
        foreach ((string name, LabelSpec label) in spec.Labels) CheckKindName(label.Feedback, At("labels", name, "feedback"));
        if (spec.Labels.Count > 0 && spec.Labels.Count == Names("labels").Count && spec.Labels.Values.All(l => l.Weight == 0))
            errors.Add(At("labels").Place, "no label with a weight above 0", "at least one that is learned");
    }

    void CheckKindName(string kind, SpecNode node)
    {
        if (kind == Impression) errors.Add(node.Place, node.Description, "a kind of feedback: impression is the event that feedback follows");
        else if (kind.Length is 0 or > 64 || kind.Any(char.IsControl)) errors.Add(node.Place, node.Description, "the name of a kind of feedback, 1 to 64 characters");
    }

    void CheckLists()
    {
        string[] others = ["user", "day", "request_id"];
        for (int i = 0; i < spec.List.Count; i++)
        {
            string key = spec.List[i];
            if (others.Contains(key)) continue;
            if (!Declares("context", key))
                errors.Add(At("list", i).Place, At("list", i).Description, NearestName.Expected("what makes a list", key, [.. others, .. Names("context")]));
            else if (spec.Context.GetValueOrDefault(key) is { Type: FieldType.Ids })
                errors.Add(At("list", i).Place, $"{At("list", i).Description}, a context field of type ids", "one of type id or number");
        }
        CheckDistinct(spec.List, i => At("list", i));
        for (int i = 0; i < spec.Baseline.Count; i++) CheckKey(spec.Baseline[i], At("baseline", i), "a smoothed mean");
        CheckDistinct(spec.Baseline, i => At("baseline", i));
    }

    void CheckDistinct<T>(IReadOnlyList<T> values, Func<int, SpecNode> nodeOf)
    {
        var seen = new HashSet<T>();
        for (int i = 0; i < values.Count; i++)
            if (!seen.Add(values[i])) errors.Add(nodeOf(i).Place, $"{nodeOf(i).Description} again", "each once");
    }
}
