using System.Text.Json.Serialization;

namespace Ranking.Training.Tuning;

/// <summary>A trial of a search: one line of its log.</summary>
public sealed record Trial
{
    /// <summary>Hash of what is searched on what: a log is gone on with only by the same search.</summary>
    [JsonPropertyName("search")] public required string Search { get; init; }

    /// <summary>Kind of model.</summary>
    [JsonPropertyName("kind")] public required string Kind { get; init; }

    /// <summary>Number of the trial within its kind, from 0.</summary>
    [JsonPropertyName("trial")] public required int Number { get; init; }

    /// <summary>The settings that were drawn, as <c>--set</c> takes them.</summary>
    [JsonPropertyName("settings")] public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>Its validations.</summary>
    [JsonPropertyName("validations")] public IReadOnlyList<ValidationPoint> Validations { get; init; } = [];

    /// <summary>Its best validation AUC; null where it failed.</summary>
    [JsonPropertyName("auc")] public double? Auc { get; init; }

    /// <summary>Whether it was stopped because it was weaker than the median of the trials before it.</summary>
    [JsonPropertyName("weak")] public bool Weak { get; init; }

    /// <summary>Why it failed, such as a loss that became infinite.</summary>
    [JsonPropertyName("error")] public string? Error { get; init; }

    /// <summary>Wall time.</summary>
    [JsonPropertyName("seconds")] public double Seconds { get; init; }

    /// <summary>The best AUC among the first so many validations; null where it had fewer.</summary>
    internal double? BestOfFirst(int count) => Validations.Count < count ? null : Validations.Take(count).Max(v => v.Auc);
}
