using System.Text.Json.Serialization;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;

namespace Ranking.Training;

/// <summary>What <c>train</c> prints.</summary>
public sealed record TrainingOutcome
{
    /// <summary>Name of the model.</summary>
    [JsonPropertyName("model")] public required string Model { get; init; }

    /// <summary>The version that was published; null where none was to be.</summary>
    [JsonPropertyName("version")] public int? Version { get; init; }

    /// <summary>Whether it serves now.</summary>
    [JsonPropertyName("promoted")] public bool Promoted { get; init; }

    /// <summary>How it compared with the version that served; null for a first one.</summary>
    [JsonPropertyName("gate")] public GateOutcome? Gate { get; init; }

    /// <summary>Examples learned from, over all passes.</summary>
    [JsonPropertyName("samples")] public long Samples { get; init; }

    /// <summary>Examples learned from a second, by this process, reading included and validation not.</summary>
    [JsonPropertyName("samples_per_s")] public double SamplesPerSecond { get; init; }

    /// <summary>Share of the time of learning, from the second batch on, in which the network waited for a batch to be read or its ids to be looked up ahead.</summary>
    [JsonPropertyName("waiting_share")] public double WaitingShare { get; init; }

    /// <summary>Which code trained the network's layers, and why: torch, or the kernels of this project on a card.</summary>
    [JsonPropertyName("compute_path")] public string ComputePath { get; init; } = "";

    /// <summary>On the validation examples; without any, on the latest examples before they were learned from.</summary>
    [JsonPropertyName("metrics")] public EvaluationReport? Metrics { get; init; }

    /// <summary>Every validation.</summary>
    [JsonPropertyName("validations")] public IReadOnlyList<ValidationPoint> Validations { get; init; } = [];

    /// <summary>The training loss.</summary>
    [JsonPropertyName("curve")] public IReadOnlyList<CurvePoint> Curve { get; init; } = [];

    /// <summary>Wall time of this process.</summary>
    [JsonPropertyName("seconds")] public double Seconds { get; init; }
}
