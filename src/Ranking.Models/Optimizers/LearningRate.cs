using Ranking.Models.Networks;

namespace Ranking.Models.Optimizers;

/// <summary>The factor on both learning rates at each step, [0, 1]: a pure function of the step, so nothing of it is stored.</summary>
/// <param name="Cosine">Whether it falls to zero along half a cosine; otherwise it stays: a stream has no known end.</param>
/// <param name="Warmup">Steps over which it rises linearly from zero.</param>
/// <param name="TotalSteps">Of the whole run; cosine needs it.</param>
public sealed record LearningRate(bool Cosine, int Warmup, long? TotalSteps)
{
    /// <summary>The schedule of a spec.</summary>
    /// <exception cref="ArgumentException">An unknown schedule.</exception>
    public static LearningRate Of(string schedule, int warmup, long? totalSteps)
    {
        Setting.Require(schedule is "constant" or "cosine", "schedule", schedule, "constant or cosine");
        Setting.AtLeast(0, warmup, "warmup");
        return new LearningRate(schedule == "cosine" && totalSteps is not null, warmup, totalSteps);
    }

    /// <summary>The factor at a step; the first step is 1.</summary>
    public double At(long step)
    {
        if (step <= Warmup) return (double)step / (Warmup + 1);
        if (!Cosine) return 1;
        double through = (double)(step - 1 - Warmup) / Math.Max(1, TotalSteps!.Value - Warmup);
        return 0.5 * (1 + Math.Cos(Math.PI * Math.Clamp(through, 0, 1)));
    }
}
