namespace Ranking.Serving.Ranking;

/// <summary>The last room of the walk: label probabilities become one score and the scores an order.</summary>
internal static class Blend
{
    /// <summary>For each candidate Σ weight · probability.</summary>
    public static double[] Scores(ReadOnlySpan<float> probabilities, double[] weights)
    {
        var scores = new double[probabilities.Length / weights.Length];
        for (int c = 0; c < scores.Length; c++)
            for (int l = 0; l < weights.Length; l++)
                if (weights[l] != 0) scores[c] += weights[l] * probabilities[c * weights.Length + l];
        return scores;
    }

    /// <summary>Places by score, greatest first; equal ones in the order of the request, so that a request repeated is an answer repeated.</summary>
    public static int[] Order(double[] scores)
    {
        var order = new int[scores.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        order.AsSpan().Sort((a, b) =>
        {
            int c = scores[b].CompareTo(scores[a]);
            return c != 0 ? c : a.CompareTo(b);
        });
        return order;
    }
}
