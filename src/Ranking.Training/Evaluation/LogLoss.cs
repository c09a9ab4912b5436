namespace Ranking.Training.Evaluation;

/// <summary>Metrics of scores that are probabilities.</summary>
public static class LogLoss
{
    /// <summary>The mean over rows of −log of the probability given to what happened, in nats.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One probability a row; clipped to [ε, 1 − ε] with float64's ε (2⁻⁵²), as scikit-learn does.</param>
    /// <param name="weights">One weight a row; empty: all 1.</param>
    /// <returns>The mean, or null without rows.</returns>
    public static double? Of(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default)
    {
        const double epsilon = 2.220446049250313e-16;
        double sum = 0, total = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            double p = Math.Clamp(scores[row], epsilon, 1 - epsilon), weight = weights.IsEmpty ? 1 : weights[row];
            sum -= weight * (labels[row] > 0 ? Math.Log(p) : double.LogP1(-p));
            total += weight;
        }
        return total == 0 ? null : sum / total;
    }

    /// <summary>
    /// Normalised entropy: log loss over the entropy of the positives' share (He et al., "Practical Lessons from Predicting Clicks on
    /// Ads at Facebook", 2014). Below one is better than that constant.
    /// </summary>
    /// <param name="labels">One label a row.</param>
    /// <param name="scores">One probability a row.</param>
    /// <param name="weights">One weight a row; empty: all 1.</param>
    /// <returns>The ratio, or null where all labels are equal.</returns>
    public static double? Normalised(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default)
    {
        double positives = 0, total = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            double weight = weights.IsEmpty ? 1 : weights[row];
            total += weight;
            if (labels[row] > 0) positives += weight;
        }
        if (positives == 0 || positives == total) return null;
        double share = positives / total;
        double entropy = -(share * Math.Log(share) + (1 - share) * double.LogP1(-share));
        return Of(labels, scores, weights) / entropy;
    }
}
