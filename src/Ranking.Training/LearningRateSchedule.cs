using Ranking.Features.Errors;
using Ranking.Features.Spec;

namespace Ranking.Training;

/// <summary>What learning rates are multiplied by, step by step.</summary>
/// <param name="Warmup">Steps over which the factor rises from zero.</param>
/// <param name="CosineSteps">Steps until the factor has fallen to zero along a half cosine; null keeps it at one.</param>
public sealed record LearningRateSchedule(int Warmup, long? CosineSteps)
{
    /// <summary>The schedule that a spec asks for.</summary>
    /// <param name="training">The settings.</param>
    /// <param name="examplesAPass">How many examples a pass has, if that is known.</param>
    /// <exception cref="RankingException">The schedule is unknown, or ends, and the number of examples is not known.</exception>
    public static LearningRateSchedule Of(TrainingSpec training, long? examplesAPass) => training.Schedule switch
    {
        "constant" => new LearningRateSchedule(training.Warmup, null),
        "cosine" => new LearningRateSchedule(training.Warmup, training.Epochs * ((examplesAPass + training.Batch - 1) / training.Batch)
            ?? throw new RankingException(ErrorCodes.ModelSettings, "training.schedule is 'cosine', which ends, but the number of examples of a stream is not known; expected 'constant'.")),
        _ => throw new RankingException(ErrorCodes.ModelSettings, $"training.schedule is '{training.Schedule}'; expected 'constant' or 'cosine'."),
    };

    /// <summary>The factor of a step.</summary>
    /// <param name="step">Number of the step, from 0.</param>
    /// <returns>In [0, 1].</returns>
    public double Factor(long step)
    {
        double rise = step < Warmup ? (step + 1.0) / (Warmup + 1.0) : 1;
        return CosineSteps is not { } end ? rise : rise * (1 + Math.Cos(Math.PI * Math.Min(1, (double)step / Math.Max(1, end)))) / 2;
    }
}
