namespace Ranking.Training.Evaluation;

/// <summary>An interval that covers with the stated confidence.</summary>
public readonly record struct Interval(double Low, double High);

/// <summary>Intervals by resampling users with replacement: a user's rows are not independent, so whole users are drawn.</summary>
public static class UserBootstrap
{
    /// <summary>The percentile interval of AUC.</summary>
    /// <param name="labels">One label a row.</param>
    /// <param name="order">The rows by score.</param>
    /// <param name="users">One user number a row.</param>
    /// <param name="rowWeights">One weight a row; empty: all 1.</param>
    /// <param name="resamples">How often users are drawn.</param>
    /// <param name="confidence">The share of resamples inside the interval.</param>
    /// <param name="seed">Seed of the draws: the same seed gives the same interval.</param>
    /// <returns>The interval, or null where no resample has both a positive and a negative.</returns>
    public static Interval? OfAuc(ReadOnlySpan<float> labels, ScoreOrder order, ReadOnlySpan<int> users, ReadOnlySpan<double> rowWeights = default, int resamples = 200, double confidence = 0.95, int seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 2);
        if (confidence is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "Confidence must lie in (0, 1).");
        int userCount = 0;
        foreach (int user in users) userCount = Math.Max(userCount, user + 1);
        Random random = new(seed);
        double[] times = new double[userCount], weights = new double[labels.Length];
        List<double> drawn = [];
        for (int resample = 0; resample < resamples; resample++)
        {
            Array.Clear(times);
            for (int i = 0; i < userCount; i++) times[random.Next(userCount)]++;
            for (int row = 0; row < weights.Length; row++) weights[row] = times[users[row]] * (rowWeights.IsEmpty ? 1 : rowWeights[row]);
            if (AreaUnderCurve.Of(order, labels, weights) is { } auc) drawn.Add(auc);
        }
        if (drawn.Count == 0) return null;
        drawn.Sort();
        return new Interval(Quantile(drawn, (1 - confidence) / 2), Quantile(drawn, (1 + confidence) / 2));
    }

    /// <summary>Linear interpolation between order statistics.</summary>
    static double Quantile(List<double> sorted, double q)
    {
        double at = q * (sorted.Count - 1);
        int below = (int)at;
        return below + 1 >= sorted.Count ? sorted[^1] : double.Lerp(sorted[below], sorted[below + 1], at - below);
    }
}
