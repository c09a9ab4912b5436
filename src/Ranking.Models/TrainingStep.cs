using Ranking.Models.Networks;

namespace Ranking.Models;

/// <summary>What one training step was.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="Loss">Before the step.</param>
/// <param name="GradientNorm">Over all parameters and touched rows, before clipping.</param>
/// <param name="RateFactor">Of the schedule, [0, 1].</param>
/// <param name="Loads">Of the experts, where asked for.</param>
/// <param name="Scores">Probabilities before the step, row-major [B, tasks], dropout included: progressive validation reads them.</param>
public sealed record TrainingStep(long Step, float Loss, double GradientNorm, double RateFactor, IReadOnlyList<ExpertLoad> Loads, IReadOnlyList<float> Scores);
