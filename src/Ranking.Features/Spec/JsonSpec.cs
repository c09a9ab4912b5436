namespace Ranking.Features.Spec;

/// <summary>
/// Where JSON records of the source topics, which other people's producers write, have what the SQL would yield: by each field the name
/// of a member, a path of members with dots, or for a document a dot alone, the whole object. Fields that are not named here have their own names.
/// </summary>
/// <param name="Impressions">Of time, request_id, user, item, position and the context fields.</param>
/// <param name="Feedback">Of time, request_id, user, item, kind and value.</param>
/// <param name="Entities">By kind of entity: of time, id and doc.</param>
public sealed record JsonSpec(
    OrderedDictionary<string, string>? Impressions = null,
    OrderedDictionary<string, string>? Feedback = null,
    OrderedDictionary<string, OrderedDictionary<string, string>>? Entities = null)
{
    /// <summary>A path that is the record itself.</summary>
    public const string Whole = ".";

    /// <summary>Of impressions, by field.</summary>
    public OrderedDictionary<string, string> Impressions { get; init; } = Impressions ?? [];

    /// <summary>Of feedback, by field.</summary>
    public OrderedDictionary<string, string> Feedback { get; init; } = Feedback ?? [];

    /// <summary>Of entities, by kind and field.</summary>
    public OrderedDictionary<string, OrderedDictionary<string, string>> Entities { get; init; } = Entities ?? [];

    /// <summary>The paths of a source topic's fields that have other names; null where all have their own.</summary>
    /// <param name="topic">impressions, feedback or entities.KIND.</param>
    public OrderedDictionary<string, string>? Of(string topic) => topic switch
    {
        "impressions" => Impressions,
        "feedback" => Feedback,
        _ => topic.StartsWith("entities.", StringComparison.Ordinal) ? Entities.GetValueOrDefault(topic["entities.".Length..]) : null,
    };
}
