using System.Text.Json.Serialization;

namespace Ranking.Training.Evaluation;

/// <summary>One bin of a reliability curve.</summary>
/// <param name="Low">The bin's least score.</param>
/// <param name="High">Its greatest score, excluded but in the last bin.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Weight">What the rows weigh together.</param>
/// <param name="MeanScore">Mean score of the rows.</param>
/// <param name="Rate">Share of positives among the rows.</param>
public sealed record ReliabilityBin(
    [property: JsonPropertyName("low")] double Low,
    [property: JsonPropertyName("high")] double High,
    [property: JsonPropertyName("rows")] int Rows,
    [property: JsonPropertyName("weight")] double Weight,
    [property: JsonPropertyName("score")] double MeanScore,
    [property: JsonPropertyName("rate")] double Rate);

/// <summary>How far scores are the frequencies that they claim.</summary>
public static class Calibration
{
    /// <summary>Mean score and share of positives in bins of equal width over [0, 1]; bins without rows are left out.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One probability a row, in [0, 1].</param>
    /// <param name="weights">One weight a row, above zero; empty: all 1.</param>
    /// <param name="bins">The number of bins.</param>
    public static IReadOnlyList<ReliabilityBin> Curve(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default, int bins = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        int[] rows = new int[bins];
        double[] totals = new double[bins], positives = new double[bins], sums = new double[bins];
        for (int row = 0; row < labels.Length; row++)
        {
            int bin = Math.Min((int)(scores[row] * bins), bins - 1);
            double weight = weights.IsEmpty ? 1 : weights[row];
            rows[bin]++;
            totals[bin] += weight;
            sums[bin] += weight * scores[row];
            if (labels[row] > 0) positives[bin] += weight;
        }
        return [.. Enumerable.Range(0, bins).Where(b => rows[b] > 0).Select(b =>
            new ReliabilityBin((double)b / bins, (b + 1.0) / bins, rows[b], totals[b], sums[b] / totals[b], positives[b] / totals[b]))];
    }

    /// <summary>Expected calibration error: the mean over rows of |rate − mean score| of the row's bin.</summary>
    /// <returns>The error in [0, 1], or null without rows.</returns>
    public static double? Error(IReadOnlyList<ReliabilityBin> curve)
    {
        double total = curve.Sum(b => b.Weight);
        return total == 0 ? null : curve.Sum(b => Math.Abs(b.Rate - b.MeanScore) * b.Weight) / total;
    }

    /// <summary>Sum of scores over number of positives: 1 is right on average, 2 promises twice as much as happens.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One probability a row.</param>
    /// <param name="weights">One weight a row; empty: all 1.</param>
    /// <returns>The ratio, or null without positives.</returns>
    public static double? Ratio(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights = default)
    {
        double score = 0, positives = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            double weight = weights.IsEmpty ? 1 : weights[row];
            score += weight * scores[row];
            if (labels[row] > 0) positives += weight;
        }
        return positives == 0 ? null : score / positives;
    }
}
