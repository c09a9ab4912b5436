namespace Ranking.Training.Evaluation;

/// <summary>
/// NDCG@k: the discounted gain of each list's first k rows by score over that of the best order, averaged over the lists that have at
/// least two rows and a positive. Rows of equal score share the discounts of their ranks, so that no order among them is preferred
/// (McSherry and Najork, "Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores", 2008).
/// </summary>
/// <param name="Value">The average; null where no list counts.</param>
/// <param name="Lists">The number of lists that count.</param>
public readonly record struct Ndcg(double? Value, int Lists)
{
    /// <summary>Computes it; a row's gain is its label, the discount of rank r (from 1) is 1 / log2(r + 1).</summary>
    /// <param name="labels">One label a row, not negative.</param>
    /// <param name="scores">One score a row.</param>
    /// <param name="lists">The rows of each list.</param>
    /// <param name="k">How many rows of a list count.</param>
    public static Ndcg Of(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, RowGroups lists, int k = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        double sum = 0;
        int listsThatCount = 0;
        for (int list = 0; list < lists.Count; list++)
        {
            ReadOnlySpan<int> rows = lists[list];
            if (rows.Length < 2) continue;
            float[] gains = new float[rows.Length];
            double[] descending = new double[rows.Length];
            for (int i = 0; i < rows.Length; i++) (gains[i], descending[i]) = (labels[rows[i]], -scores[rows[i]]);
            float[] best = [.. gains.OrderDescending()];
            if (best[0] <= 0) continue;
            Array.Sort(descending, gains);
            sum += Discounted(gains, descending, k) / Discounted(best, null, k);
            listsThatCount++;
        }
        return new Ndcg(listsThatCount == 0 ? null : sum / listsThatCount, listsThatCount);
    }

    static double Discounted(float[] gains, double[]? keys, int k)
    {
        double total = 0;
        for (int start = 0; start < Math.Min(k, gains.Length);)
        {
            int end = start + 1;
            while (keys is not null && end < gains.Length && keys[end] == keys[start]) end++;
            double gain = 0, discount = 0;
            for (int i = start; i < end; i++)
            {
                gain += gains[i];
                if (i < k) discount += 1 / Math.Log2(i + 2);
            }
            total += gain / (end - start) * discount;
            start = end;
        }
        return total;
    }
}
