using System.Text.Json.Serialization;
using Ranking.Training.Batches;
using Ranking.Training.Registry;

namespace Ranking.Training;

/// <summary>What a checkpoint says beside the model and its optimiser; <c>state.json</c>.</summary>
sealed record TrainingState
{
    public const string FileName = "state.json";

    public required string SpecHash { get; init; }

    public required string Examples { get; init; }

    public required string? Validation { get; init; }

    public required MachineInfo Machine { get; init; }

    public int? FromVersion { get; init; }

    /// <summary>Passes that are complete.</summary>
    public int Pass { get; init; }

    /// <summary>The place in the current pass.</summary>
    public BatchPosition Position { get; init; } = BatchPosition.Start;

    public long Samples { get; init; }

    public long? FirstTimeMs { get; init; }

    public long? LastTimeMs { get; init; }

    public IReadOnlyList<ValidationPoint> Validations { get; init; } = [];

    /// <summary>The step of the best validation so far; its model lies in the folder of the best.</summary>
    public long? BestStep { get; init; }

    /// <summary>Whether training was told to stop before all passes were done.</summary>
    public bool Stopped { get; init; }

    public LossCurve Curve { get; init; } = new();

    [JsonIgnore] public double? BestAuc => Validations.FirstOrDefault(v => v.Step == BestStep)?.Auc;
}
