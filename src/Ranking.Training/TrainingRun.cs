using Ranking.Features.Spec;
using Ranking.Training.Batches;

namespace Ranking.Training;

/// <summary>What to train on what.</summary>
public sealed record TrainingRun
{
    /// <summary>The problem with the model's and the training's settings.</summary>
    public required RankingSpec Spec { get; init; }

    /// <summary>What is learned from.</summary>
    public required IExampleSource Examples { get; init; }

    /// <summary>Passes over the examples: those of the spec; one over a stream, which has no known end and may not be there a second time.</summary>
    public int Passes => Examples.Count is null ? 1 : Spec.Training.Epochs;

    /// <summary>What is never learned from: decides when to stop, which state is best, and the gate. Null for none.</summary>
    public IExampleSource? Validation { get; init; }

    /// <summary>Name of the model in the registry; the spec's name by default.</summary>
    public string? Name { get; init; }

    /// <summary>cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The version whose weights and tables training begins from; null begins afresh.</summary>
    public int? FromVersion { get; init; }

    /// <summary>Whether to go on from the latest checkpoint of this model, where there is one.</summary>
    public bool Resume { get; init; }

    /// <summary>How often a checkpoint is written, at the next batch boundary; zero after every batch, null only at the ends of passes.</summary>
    public TimeSpan? CheckpointEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Batches between validations; 0 validates at the end of each pass only.</summary>
    public int ValidateEvery { get; init; }

    /// <summary>For a source that never ends: how often a version is published. Null publishes once, when training ends.</summary>
    public TimeSpan? PublishEvery { get; init; }

    /// <summary>Whether a version is published; a trial of a search is not.</summary>
    public bool Publish { get; init; } = true;

    /// <summary>Why GAUC is not to be computed on the validation examples; null computes it.</summary>
    public string? GaucReason { get; init; }

    /// <summary>Asked after every validation: false ends training there, as early stopping does.</summary>
    public Func<ValidationPoint, bool>? KeepOn { get; init; }

    internal string ModelName => Name ?? Spec.Name;
}
