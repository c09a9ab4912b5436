namespace Ranking.Models.Trees;

/// <summary>From a ranker's score to a probability: <c>1 / (1 + exp(−(slope · score + offset)))</c> (Platt 1999).</summary>
/// <param name="Slope">See above.</param>
/// <param name="Offset">See above.</param>
sealed record Platt(double Slope, double Offset)
{
    /// <summary>Scores that are log odds already.</summary>
    public static Platt Identity { get; } = new(1, 0);

    /// <summary>The probability.</summary>
    public double Of(double score) => 1 / (1 + Math.Exp(-(Slope * score + Offset)));

    /// <summary>The likeliest slope and offset, by Newton's method; weights of 0 leave rows out.</summary>
    public static Platt Fit(ReadOnlySpan<double> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        Platt fit = new(1, 0);
        for (int step = 0; step < 50; step++)
        {
            // A little ridge: scores that are all the same leave the slope undetermined.
            double g0 = 0, g1 = 0, h00 = 1e-6, h01 = 0, h11 = 1e-6;
            for (int i = 0; i < scores.Length; i++)
            {
                double p = fit.Of(scores[i]), error = weights[i] * (p - labels[i]), curvature = weights[i] * p * (1 - p);
                g0 += error;
                g1 += error * scores[i];
                h00 += curvature;
                h01 += curvature * scores[i];
                h11 += curvature * scores[i] * scores[i];
            }
            double determinant = h00 * h11 - h01 * h01, offset = (h11 * g0 - h01 * g1) / determinant, slope = (h00 * g1 - h01 * g0) / determinant;
            fit = new(fit.Slope - slope, fit.Offset - offset);
            if (Math.Abs(slope) + Math.Abs(offset) < 1e-9) break;
        }
        return fit;
    }
}
