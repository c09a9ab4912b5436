namespace Ranking.Training.Evaluation;

/// <summary>
/// AUC: the chance that a random positive scores above a random negative, ties counting half; exact, by ranks (Mann–Whitney).
/// </summary>
public static class AreaUnderCurve
{
    /// <summary>AUC of rows of weight one.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One score a row.</param>
    /// <returns>AUC, or null where there is no positive or no negative.</returns>
    public static double? Of(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores) => Of(ScoreOrder.Of(scores), labels);

    /// <summary>AUC in which a pair counts the product of its two rows' weights.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One score a row.</param>
    /// <param name="weights">One weight a row, not negative.</param>
    /// <returns>AUC, or null where positives or negatives weigh nothing.</returns>
    public static double? Of(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights) =>
        Of(ScoreOrder.Of(scores), labels, weights);

    /// <summary>AUC on rows that are sorted already.</summary>
    public static double? Of(ScoreOrder order, ReadOnlySpan<float> labels)
    {
        // Twice the area, in whole pairs: exact below 2^63.
        long positives = 0, negatives = 0, twice = 0;
        int start = 0;
        foreach (int end in order.GroupEnds)
        {
            long positiveHere = 0;
            for (int i = start; i < end; i++)
                if (labels[order.Rows[i]] > 0) positiveHere++;
            long negativeHere = end - start - positiveHere;
            twice += positiveHere * (2 * negatives + negativeHere);
            positives += positiveHere;
            negatives += negativeHere;
            start = end;
        }
        return positives == 0 || negatives == 0 ? null : twice / 2.0 / positives / negatives;
    }

    /// <summary>Weighted AUC on rows that are sorted already.</summary>
    public static double? Of(ScoreOrder order, ReadOnlySpan<float> labels, ReadOnlySpan<double> weights)
    {
        double positives = 0, negatives = 0, area = 0;
        int start = 0;
        foreach (int end in order.GroupEnds)
        {
            double positiveHere = 0, negativeHere = 0;
            for (int i = start; i < end; i++)
            {
                int row = order.Rows[i];
                if (labels[row] > 0) positiveHere += weights[row];
                else negativeHere += weights[row];
            }
            area += positiveHere * (negatives + negativeHere / 2);
            positives += positiveHere;
            negatives += negativeHere;
            start = end;
        }
        return positives <= 0 || negatives <= 0 ? null : area / positives / negatives;
    }
}
