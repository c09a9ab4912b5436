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

    /// <summary>
    /// The likeliest slope and offset, by Newton's method with steps that are halved until they help (Lin, Lin and Weng 2007); weights of 0 leave
    /// rows out. The slope stays positive: the ranker's order within a list is what it is for, also where lists differ more than their rows do.
    /// </summary>
    public static Platt Fit(ReadOnlySpan<double> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        double all = 0, positive = 0, sum = 0, squares = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            all += weights[i];
            positive += weights[i] * labels[i];
            sum += weights[i] * scores[i];
            squares += weights[i] * scores[i] * scores[i];
        }
        double mean = sum / Math.Max(all, 1e-9), deviation = Math.Sqrt(Math.Max(squares / Math.Max(all, 1e-9) - mean * mean, 1e-12)), least = 0.01 / deviation;
        Platt rate = new(0, Math.Log((positive + 1) / (all - positive + 1))), fit = rate;
        double loss = fit.Loss(scores, labels, weights);
        for (int step = 0; step < 100; step++)
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
            double determinant = h00 * h11 - h01 * h01, offset = (h11 * g0 - h01 * g1) / determinant, slope = (h00 * g1 - h01 * g0) / determinant, before = loss;
            for (double part = 1; part > 1e-10; part /= 2)
            {
                Platt next = new(fit.Slope - part * slope, fit.Offset - part * offset);
                if (next.Loss(scores, labels, weights) is var now && !(now < loss)) continue;
                (fit, loss) = (next, now);
                break;
            }
            if (!(before - loss > 1e-10 * before)) break;
        }
        return fit.Slope >= least ? fit : new(least, rate.Offset - least * mean);
    }

    double Loss(ReadOnlySpan<double> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        double sum = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            double z = Slope * scores[i] + Offset;
            sum += weights[i] * (Math.Max(z, 0) - z * labels[i] + Math.Log(1 + Math.Exp(-Math.Abs(z))));
        }
        return sum;
    }
}
