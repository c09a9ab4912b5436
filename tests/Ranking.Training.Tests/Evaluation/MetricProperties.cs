using CsCheck;
using Ranking.Training.Evaluation;

namespace Ranking.Training.Tests.Evaluation;

public class MetricProperties
{
    record struct Row(int Label, int Score, int Group, int Weight);

    // Few distinct scores and groups, so that ties and lists of one are common; weights of zero included.
    static readonly Gen<Row[]> Rows = Gen.Select(Gen.Int[0, 1], Gen.Int[0, 12], Gen.Int[0, 6], Gen.Int[0, 3]).Select((l, s, g, w) => new Row(l, s, g, w)).Array[0, 60];

    static float[] Labels(Row[] rows) => [.. rows.Select(r => (float)r.Label)];

    static double[] Scores(Row[] rows) => [.. rows.Select(r => r.Score / 12.0)];

    [Fact]
    public void Auc_is_the_share_of_pairs_in_order() => Rows.Sample(rows =>
    {
        double pairs = 0, good = 0, weightedPairs = 0, weightedGood = 0;
        foreach (Row p in rows.Where(r => r.Label == 1))
            foreach (Row n in rows.Where(r => r.Label == 0))
            {
                double point = p.Score > n.Score ? 1 : p.Score == n.Score ? 0.5 : 0;
                pairs++;
                good += point;
                weightedPairs += p.Weight * n.Weight;
                weightedGood += point * p.Weight * n.Weight;
            }
        Close(pairs == 0 ? null : good / pairs, AreaUnderCurve.Of(Labels(rows), Scores(rows)));
        Close(weightedPairs == 0 ? null : weightedGood / weightedPairs, AreaUnderCurve.Of(Labels(rows), Scores(rows), [.. rows.Select(r => (double)r.Weight)]));
    });

    [Fact]
    public void Gauc_averages_the_lists_that_hold_both() => Rows.Sample(rows =>
    {
        double sum = 0;
        int count = 0;
        foreach (IGrouping<int, Row> list in rows.GroupBy(r => r.Group))
        {
            Row[] own = [.. list];
            if (AreaUnderCurve.Of(Labels(own), Scores(own)) is not { } auc) continue;
            sum += auc * own.Length;
            count += own.Length;
        }
        GroupedAuc found = GroupedAuc.Of(Labels(rows), Scores(rows), new RowGroups([.. rows.Select(r => r.Group)]));
        Close(count == 0 ? null : sum / count, found.Value);
        Assert.Equal(count, found.Rows);
    });

    [Fact]
    public void Ndcg_is_the_mean_over_all_orders_of_tied_rows() => Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2]).Array[2, 6].Sample(rows =>
    {
        const int k = 3;
        float[] labels = [.. rows.Select(r => (float)r.Item1)];
        double[] scores = [.. rows.Select(r => (double)r.Item2)];
        double best = Permutations(rows.Length).Max(p => Dcg(p, labels, k));
        double[] ordered = [.. Permutations(rows.Length).Where(p => p.Zip(p.Skip(1)).All(x => scores[x.First] >= scores[x.Second])).Select(p => Dcg(p, labels, k))];
        Ndcg found = Ndcg.Of(labels, scores, new RowGroups(new int[rows.Length]), k);
        Close(best == 0 ? null : ordered.Average() / best, found.Value);
    }, iter: 300);

    [Fact]
    public void A_strictly_rising_transform_of_scores_changes_no_metric_of_ranks() => Rows.Sample(rows =>
    {
        double[] bent = [.. Scores(rows).Select(s => Math.Exp(3 * s) - 7)];
        Close(AreaUnderCurve.Of(Labels(rows), Scores(rows)), AreaUnderCurve.Of(Labels(rows), bent));
        RowGroups lists = new([.. rows.Select(r => r.Group)]);
        Close(Ndcg.Of(Labels(rows), Scores(rows), lists).Value, Ndcg.Of(Labels(rows), bent, lists).Value);
    });

    [Fact]
    public void Corrected_scores_are_calibrated_on_all_examples()
    {
        // A model that is right on the sample must be right on everything after the correction: rate r of positives in the population.
        foreach (double rate in (double[])[0.01, 0.3, 1])
            foreach (double share in (double[])[0.001, 0.2, 0.9])
            {
                double onSample = share / (share + (1 - share) * rate);
                Assert.Equal(share, NegativeSampling.Correct(onSample, rate), 1e-12);
            }
        Assert.Throws<ArgumentOutOfRangeException>(() => NegativeSampling.Correct(0.5, 0));
    }

    static void Close(double? expected, double? found)
    {
        Assert.Equal(expected is null, found is null);
        if (expected is { } value) Assert.Equal(value, found!.Value, 1e-12);
    }

    static double Dcg(int[] order, float[] labels, int k) => order.Take(k).Select((row, rank) => labels[row] / Math.Log2(rank + 2)).Sum();

    static IEnumerable<int[]> Permutations(int n) => n == 0
        ? [[]]
        : Permutations(n - 1).SelectMany(p => Enumerable.Range(0, n).Select(at => p.Take(at).Append(n - 1).Concat(p.Skip(at)).ToArray()));
}
