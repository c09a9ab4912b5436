using System.Text.Json.Serialization;

namespace Ranking.Training.Registry;

/// <summary>What a version's <c>version.json</c> says: where it comes from. Metrics lie in <c>metrics.json</c>, the spec in <c>spec.yaml</c>.</summary>
public sealed record VersionInfo
{
    /// <summary>Name of the model.</summary>
    [JsonPropertyName("name")] public string Name { get; init; } = "";

    /// <summary>Number of the version, from 1.</summary>
    [JsonPropertyName("version")] public int Version { get; init; }

    /// <summary>Which kind of model.</summary>
    [JsonPropertyName("kind")] public required string Kind { get; init; }

    /// <summary>When it was published, UTC.</summary>
    [JsonPropertyName("created")] public DateTimeOffset Created { get; init; }

    /// <summary>Hash of events, labels, negatives, features and groups: what rows and requests must agree with.</summary>
    [JsonPropertyName("feature_hash")] public required string FeatureHash { get; init; }

    /// <summary>SHA-256 of <c>spec.yaml</c>.</summary>
    [JsonPropertyName("spec_hash")] public required string SpecHash { get; init; }

    /// <summary>How many examples were learned from, repeats by further epochs included.</summary>
    [JsonPropertyName("samples")] public long Samples { get; init; }

    /// <summary>Event time of the first and last example, milliseconds since 1970 UTC; null without examples.</summary>
    [JsonPropertyName("first_time_ms")] public long? FirstTimeMs { get; init; }

    /// <summary>Event time of the last example.</summary>
    [JsonPropertyName("last_time_ms")] public long? LastTimeMs { get; init; }

    /// <summary>Seed of everything random.</summary>
    [JsonPropertyName("seed")] public long Seed { get; init; }

    /// <summary>The version that training began from, if any.</summary>
    [JsonPropertyName("from_version")] public int? FromVersion { get; init; }

    /// <summary>The version that was promoted, and on whose validation this one was compared with it; null for the first.</summary>
    [JsonPropertyName("gate")] public GateOutcome? Gate { get; init; }

    /// <summary>What it was trained on.</summary>
    [JsonPropertyName("machine")] public required MachineInfo Machine { get; init; }
}

/// <summary>How a new version compared with the promoted one on the same validation examples.</summary>
/// <param name="Against">The promoted version.</param>
/// <param name="Label">The label that decides: the spec's first.</param>
/// <param name="Auc">The new version's AUC.</param>
/// <param name="PromotedAuc">The promoted version's AUC.</param>
/// <param name="Allowed">How much lower the new one's may be.</param>
/// <param name="Passed">Whether it passed.</param>
/// <param name="Reason">Why they could not be compared; null where they were.</param>
public sealed record GateOutcome(
    [property: JsonPropertyName("against")] int Against,
    [property: JsonPropertyName("label")] string Label,
    [property: JsonPropertyName("auc")] double? Auc,
    [property: JsonPropertyName("promoted_auc")] double? PromotedAuc,
    [property: JsonPropertyName("allowed")] double Allowed,
    [property: JsonPropertyName("passed")] bool Passed,
    [property: JsonPropertyName("reason")] string? Reason);
