using System.Text.Json.Serialization;
using Ranking.Models;
using TorchSharp;

namespace Ranking.Training.Evaluation;

/// <summary>
/// Whether two models' AUC on the same rows differ: the estimate of DeLong et al. ("Comparing the areas under two or more correlated
/// receiver operating characteristic curves", 1988) with its placements summed by user before they are squared, as Obuchowski
/// ("Nonparametric analysis of clustered ROC curve data", 1997), because a user's rows are not independent.
/// </summary>
public static class PairedTest
{
    /// <summary>Compares B with A.</summary>
    /// <param name="labels">One label a row.</param>
    /// <param name="a">A's score of each row.</param>
    /// <param name="b">B's score of each row.</param>
    /// <param name="users">One user number a row.</param>
    /// <returns>The difference, or null where there is no positive, no negative, or only one user.</returns>
    public static AucDifference? Compare(ReadOnlySpan<float> labels, ReadOnlySpan<double> a, ReadOnlySpan<double> b, ReadOnlySpan<int> users)
    {
        if (a.Length != labels.Length || b.Length != labels.Length || users.Length != labels.Length)
            throw new ArgumentException($"{labels.Length} labels, {a.Length} and {b.Length} scores, {users.Length} users: one of each a row is needed.");
        double[] placementA = Placements(labels, a, out double? aucA), placementB = Placements(labels, b, out double? aucB);
        if (aucA is null || aucB is null) return null;
        int userCount = 0;
        long positives = 0;
        foreach (int user in users) userCount = Math.Max(userCount, user + 1);
        foreach (float label in labels)
            if (label > 0) positives++;
        long negatives = labels.Length - positives;
        double delta = aucB.Value - aucA.Value;
        double[] influence = new double[userCount];
        bool[] seen = new bool[userCount];
        for (int row = 0; row < labels.Length; row++)
        {
            influence[users[row]] += (placementB[row] - placementA[row] - delta) / (labels[row] > 0 ? positives : negatives);
            seen[users[row]] = true;
        }
        int clusters = seen.Count(s => s);
        if (clusters < 2) return null;
        double variance = 0;
        foreach (double part in influence) variance += part * part;
        double error = Math.Sqrt(variance * clusters / (clusters - 1));
        return new AucDifference(aucA.Value, aucB.Value, delta, delta - 1.959963984540054 * error, delta + 1.959963984540054 * error, TwoSided(delta, error));
    }

    /// <summary>For a positive the share of negatives below it, for a negative the share of positives above it, ties counting half.</summary>
    static double[] Placements(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, out double? auc)
    {
        ScoreOrder order = ScoreOrder.Of(scores);
        auc = AreaUnderCurve.Of(order, labels);
        double[] placements = new double[labels.Length];
        long positives = 0, positivesBelow = 0, negativesBelow = 0;
        foreach (float label in labels)
            if (label > 0) positives++;
        long negatives = labels.Length - positives;
        int start = 0;
        foreach (int end in order.GroupEnds)
        {
            long positivesHere = 0;
            for (int i = start; i < end; i++)
                if (labels[order.Rows[i]] > 0) positivesHere++;
            long negativesHere = end - start - positivesHere;
            for (int i = start; i < end; i++)
            {
                int row = order.Rows[i];
                placements[row] = labels[row] > 0
                    ? (negativesBelow + negativesHere / 2.0) / negatives
                    : (positives - positivesBelow - positivesHere / 2.0) / positives;
            }
            positivesBelow += positivesHere;
            negativesBelow += negativesHere;
            start = end;
        }
        return placements;
    }

    static double TwoSided(double delta, double error)
    {
        if (error == 0) return delta == 0 ? 1 : 0;
        Torch.Load();
        using torch.Tensor z = torch.tensor(Math.Abs(delta) / error / Math.Sqrt(2), torch.ScalarType.Float64);
        using torch.Tensor p = torch.special.erfc(z);
        return p.item<double>();
    }
}

/// <summary>How B's AUC differs from A's.</summary>
/// <param name="AucA">A's AUC.</param>
/// <param name="AucB">B's AUC.</param>
/// <param name="DeltaAuc">B's less A's.</param>
/// <param name="Low">Lower end of the 95 % interval of the difference.</param>
/// <param name="High">Its upper end.</param>
/// <param name="P">Two-sided p-value of "no difference".</param>
public sealed record AucDifference(
    [property: JsonPropertyName("auc_a")] double AucA,
    [property: JsonPropertyName("auc_b")] double AucB,
    [property: JsonPropertyName("delta_auc")] double DeltaAuc,
    [property: JsonPropertyName("low")] double Low,
    [property: JsonPropertyName("high")] double High,
    [property: JsonPropertyName("p")] double P);
