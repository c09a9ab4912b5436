using MessagePack;

namespace Ranking.Client;

/// <summary>Asks in which order candidates should be shown to a user: the body of <c>POST /v1/rank</c>.</summary>
[MessagePackObject]
public sealed record RankRequest
{
    /// <summary>At most 128 bytes; made by the client if absent. Copy it into the impression: labels join by it.</summary>
    [Key("request_id")] public string? RequestId { get; init; }

    /// <summary>The user's id; an unknown one is scored with missing values.</summary>
    [Key("user")] public required string User { get; init; }

    /// <summary>The instant at which features are cut; the server's clock by default.</summary>
    [Key("time")][MessagePackFormatter(typeof(Formats.IsoTimeFormatter))] public DateTimeOffset? Time { get; init; }

    /// <summary>Values of the spec's context fields that hold for the whole request.</summary>
    [Key("context")] public IReadOnlyDictionary<string, FeatureValue>? Context { get; init; }

    /// <summary>The items to be ranked. A copy is ranked once; the same id with other features is refused.</summary>
    [Key("candidates")] public IReadOnlyList<Candidate>? Candidates { get; init; }

    /// <summary>Candidates that the ranker finds itself, beside or instead of <see cref="Candidates"/>.</summary>
    [Key("candidates_from")] public CandidatesFrom? CandidatesFrom { get; init; }

    /// <summary>A score is the sum of label probabilities by these weights; by default the spec's first label alone.</summary>
    [Key("weights")] public IReadOnlyDictionary<string, double>? Weights { get; init; }

    /// <summary>How many of the best to answer with; all by default.</summary>
    [Key("limit")] public int? Limit { get; init; }

    /// <summary>Milliseconds that the caller waits; then the server answers 504, or earlier from what it has, marked degraded.</summary>
    [Key("deadline_ms")] public int? DeadlineMs { get; init; }

    /// <summary>Whether the answer shows the features that each item was scored with.</summary>
    [Key("explain")] public bool Explain { get; init; }
}
