namespace Ranking.Training.Evaluation;

/// <summary>One bin of a reliability curve.</summary>
/// <param name="Low">The bin's least score.</param>
/// <param name="High">Its greatest score, excluded but in the last bin.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="MeanScore">Mean score of the rows.</param>
/// <param name="Rate">Share of positives among the rows.</param>
public sealed record ReliabilityBin(double Low, double High, int Rows, double MeanScore, double Rate);

/// <summary>How far scores are the frequencies that they claim.</summary>
public static class Calibration
{
    /// <summary>Mean score and share of positives in bins of equal width over [0, 1]; bins without rows are left out.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One probability a row, in [0, 1].</param>
    /// <param name="bins">The number of bins.</param>
    public static IReadOnlyList<ReliabilityBin> Curve(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, int bins = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        int[] rows = new int[bins], positives = new int[bins];
        double[] sums = new double[bins];
        for (int row = 0; row < labels.Length; row++)
        {
            int bin = Math.Min((int)(scores[row] * bins), bins - 1);
            rows[bin]++;
            sums[bin] += scores[row];
            if (labels[row] > 0) positives[bin]++;
        }
        return [.. Enumerable.Range(0, bins).Where(b => rows[b] > 0).Select(b =>
            new ReliabilityBin((double)b / bins, (b + 1.0) / bins, rows[b], sums[b] / rows[b], (double)positives[b] / rows[b]))];
    }

    /// <summary>Expected calibration error: the mean over rows of |rate − mean score| of the row's bin.</summary>
    /// <returns>The error in [0, 1], or null without rows.</returns>
    public static double? Error(IReadOnlyList<ReliabilityBin> curve)
    {
        long rows = curve.Sum(b => (long)b.Rows);
        return rows == 0 ? null : curve.Sum(b => Math.Abs(b.Rate - b.MeanScore) * b.Rows) / rows;
    }

    /// <summary>Sum of scores over number of positives: 1 is right on average, 2 promises twice as much as happens.</summary>
    /// <returns>The ratio, or null without positives.</returns>
    public static double? Ratio(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores)
    {
        double score = 0;
        int positives = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            score += scores[row];
            if (labels[row] > 0) positives++;
        }
        return positives == 0 ? null : score / positives;
    }
}
