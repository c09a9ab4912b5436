namespace Ranking.Training.Evaluation;

/// <summary>
/// What training on a sample of the negatives does to probabilities, and its inverse (He et al., "Practical Lessons from Predicting
/// Clicks on Ads at Facebook", 2014, section 6.3).
/// </summary>
public static class NegativeSampling
{
    /// <summary>The probability on all examples: q = p / (p + (1 − p) / rate).</summary>
    /// <param name="p">The probability that a model gives that saw all positives and a share of the negatives.</param>
    /// <param name="keepRate">The share of negatives kept, in (0, 1].</param>
    public static double Correct(double p, double keepRate)
    {
        if (keepRate is not (> 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(keepRate), keepRate, "The keep rate of negatives must lie in (0, 1].");
        return p / (p + (1 - p) / keepRate);
    }
}
