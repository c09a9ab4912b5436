using Ranking.Features.Spec.Reading;

namespace Ranking.Features.Spec.Checking;

/// <summary>What a feature needs a field to hold.</summary>
enum Needs
{
    Id,
    Number,
    Ids,
}

/// <summary>Checks of references to fields.</summary>
sealed partial class SpecChecks
{
    /// <summary>Checks that a field exists and holds what is needed; the contents of documents are known only when they come.</summary>
    void CheckField(FieldRef field, SpecNode node, Needs needs)
    {
        if (field.IsId)
        {
            if (needs != Needs.Id) errors.Add(node.Place, $"{node.Description}, an id", needs == Needs.Number ? "a field that holds a number" : "a field that holds a list of ids");
            return;
        }
        if (field.IsDocument)
        {
            CheckDocument(field.Scope, node);
            return;
        }
        if (field.Path == FeatureDependencies.Position)
        {
            if (needs == Needs.Ids) errors.Add(node.Place, $"{node.Description}, a number", "a field that holds a list of ids");
            return;
        }
        if (!ContextHas(field.Path!, node)) return;
        if (spec.Context.GetValueOrDefault(field.Path!) is not { } context) return; // what is wrong with it is said already
        (FieldType type, string expected) = needs switch
        {
            Needs.Id => (FieldType.Id, "one of type id"),
            Needs.Number => (FieldType.Number, "one of type number"),
            _ => (FieldType.Ids, "one of type ids"),
        };
        if (context.Type != type)
            errors.Add(node.Place, $"{node.Description}, a context field of type {RecordShape.SnakeCase(context.Type.ToString())}", expected);
    }

    /// <summary>Checks a field that aggregates are counted by: an impression itself must hold it, since documents change under the counts.</summary>
    void CheckKey(FieldRef key, SpecNode node, string what)
    {
        if (key.IsDocument)
        {
            errors.Add(node.Place, $"{node.Description}, which exists only in a document",
                $"user, item or a context field of type id as key of {what}: SQL may copy an attribute into the context");
            return;
        }
        CheckField(key, node, Needs.Id);
        if (key is { Scope: "context", Path: FeatureDependencies.Position })
            errors.Add(node.Place, node.Description, $"user, item or a context field of type id as key of {what}");
    }

    void CheckDocument(string kind, SpecNode node)
    {
        if (Declares("entities", kind)) return;
        errors.Add(node.Place, $"{node.Description}, but no entities of kind {ScalarNode.Quote(kind)}",
            NearestName.Expected("a kind that \"entities\" declares", kind, Names("entities")));
    }

    bool ContextHas(string field, SpecNode node)
    {
        if (Declares("context", field)) return true;
        errors.Add(node.Place, $"the field {node.Description}", NearestName.Expected("user, item or a context field", field, ["user", "item", .. Names("context")]));
        return false;
    }

    /// <summary>Checks a kind of event that is counted or remembered.</summary>
    void CheckEventKind(string kind, SpecNode node)
    {
        if (spec.Labels is null || spec.Labels.Count < Names("labels").Count) return; // not all kinds are known
        if (kind == Impression || spec.FeedbackKinds.Contains(kind)) return;
        errors.Add(node.Place, node.Description, NearestName.Expected("impression or a kind of feedback of \"labels\" or \"feedback\"", kind, spec.FeedbackKinds.Prepend(Impression).Distinct()));
    }
}
