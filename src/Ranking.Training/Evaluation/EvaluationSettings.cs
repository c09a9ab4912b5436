namespace Ranking.Training.Evaluation;

/// <summary>What an evaluation computes beside the metrics that cost nothing.</summary>
public sealed record EvaluationSettings
{
    /// <summary>Why GAUC is not to be computed; null computes it.</summary>
    public string? GaucReason { get; init; }

    /// <summary>How often users are drawn for AUC's interval; 0, the default, gives none.</summary>
    public int Resamples { get; init; }

    /// <summary>Seed of those draws.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How many segments are reported, those with most rows first; the default is 20.</summary>
    public int MaxSegments { get; init; } = 20;
}
