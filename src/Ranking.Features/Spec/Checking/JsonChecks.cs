using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Checking;

/// <summary>Checks of how JSON records name their fields.</summary>
sealed partial class SpecChecks
{
    static readonly string[] OfImpressions = ["time", "request_id", "user", "item", FeatureDependencies.Position], OfFeedback = ["time", "request_id", "user", "item", "kind", "value"], OfEntities = ["time", "id", "doc"];

    void CheckJson(JsonSpec json)
    {
        CheckPaths(json.Impressions, [.. OfImpressions, .. Names("context")], "json", "impressions");
        CheckPaths(json.Feedback, OfFeedback, "json", "feedback");
        foreach ((string kind, OrderedDictionary<string, string> paths) in json.Entities)
        {
            CheckPaths(paths, OfEntities, "json", "entities", kind);
            if (!Declares("entities", kind))
                errors.Add(At("json", "entities", kind).Place, $"fields of entities of kind {ScalarNode.Quote(kind)}", NearestName.Expected("a kind that \"entities\" declares", kind, Names("entities")));
        }
    }

    void CheckPaths(OrderedDictionary<string, string> paths, string[] fields, params string[] section)
    {
        foreach ((string field, string path) in paths)
        {
            SpecNode node = At([.. section, field]);
            if (!fields.Contains(field)) errors.Add(node.Place, $"a path of {ScalarNode.Quote(field)}", NearestName.Expected("a path of one of the fields", field, fields));
            else if (!(path == JsonSpec.Whole && field == "doc") && (path.Length > 512 || path.Split('.').Any(step => step.Length == 0)))
                errors.Add(node.Place, node.Description, $"the name of a member, or names with dots between them{(field == "doc" ? ", or a dot for the whole object" : "")}");
        }
    }
}
