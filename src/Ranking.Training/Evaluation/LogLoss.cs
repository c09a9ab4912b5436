namespace Ranking.Training.Evaluation;

/// <summary>Metrics of scores that are probabilities.</summary>
public static class LogLoss
{
    /// <summary>The mean over rows of −log of the probability given to what happened, in nats.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One probability a row; clipped to [ε, 1 − ε] with float64's ε (2⁻⁵²), as scikit-learn does.</param>
    /// <returns>The mean, or null without rows.</returns>
    public static double? Of(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores)
    {
        const double epsilon = 2.220446049250313e-16;
        double sum = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            double p = Math.Clamp(scores[row], epsilon, 1 - epsilon);
            sum -= labels[row] > 0 ? Math.Log(p) : double.LogP1(-p);
        }
        return labels.IsEmpty ? null : sum / labels.Length;
    }

    /// <summary>
    /// Normalised entropy: log loss over the entropy of the positives' share (He et al., "Practical Lessons from Predicting Clicks on
    /// Ads at Facebook", 2014). Below one is better than that constant.
    /// </summary>
    /// <returns>The ratio, or null where all labels are equal.</returns>
    public static double? Normalised(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores)
    {
        int positives = 0;
        foreach (float label in labels)
            if (label > 0) positives++;
        if (positives == 0 || positives == labels.Length) return null;
        double share = (double)positives / labels.Length;
        double entropy = -(share * Math.Log(share) + (1 - share) * double.LogP1(-share));
        return Of(labels, scores) / entropy;
    }
}
