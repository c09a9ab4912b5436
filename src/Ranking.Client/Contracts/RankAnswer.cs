using MessagePack;

namespace Ranking.Client;

/// <summary>The answer of <c>POST /v1/rank</c>.</summary>
[MessagePackObject]
public sealed record RankAnswer
{
    /// <summary>The request's id, or the one that was made for it.</summary>
    [Key("request_id")] public required string RequestId { get; init; }

    /// <summary>The model version that scored: NAME@V.</summary>
    [Key("model")] public required string Model { get; init; }

    /// <summary>Whether something was missing that would have made the order better.</summary>
    [Key("degraded")] public bool Degraded { get; init; }

    /// <summary>What: <c>redis_unavailable</c>, <c>redis_timeout</c>, <c>redis_circuit_open</c>, <c>stale_time</c>, <c>no_retrieval</c>.</summary>
    [Key("degraded_reasons")] public IReadOnlyList<string> DegradedReasons { get; init; } = [];

    /// <summary>The items, best first; equal scores stay in the order of the request.</summary>
    [Key("ranked")] public required IReadOnlyList<RankedItem> Ranked { get; init; }
}

/// <summary>An item in its place.</summary>
[MessagePackObject]
public sealed record RankedItem
{
    /// <summary>The item's id.</summary>
    [Key("id")] public required string Id { get; init; }

    /// <summary>The weighted sum of label probabilities that ordered it.</summary>
    [Key("score")] public double Score { get; init; }

    /// <summary>Probability of each label.</summary>
    [Key("scores")] public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>With <c>explain</c>: each feature's value as the model saw it.</summary>
    [Key("features")] public IReadOnlyDictionary<string, FeatureValue>? Features { get; init; }
}
