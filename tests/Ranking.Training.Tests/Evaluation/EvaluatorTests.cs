using Ranking.Training.Evaluation;

namespace Ranking.Training.Tests.Evaluation;

public class EvaluatorTests
{
    static ScoredRows Random(int rows, int seed, Func<int, string>? segment = null)
    {
        Random random = new(seed);
        ScoredRows scored = new(["click", "buy"]);
        for (int i = 0; i < rows; i++)
        {
            double p = random.NextDouble();
            scored.Add($"u{random.Next(rows / 4)}", $"l{random.Next(rows / 5)}", [random.NextDouble() < p ? 1 : 0, random.NextDouble() < p / 4 ? 1 : 0], [p, p / 4], segment?.Invoke(i) ?? "");
        }
        return scored;
    }

    [Fact]
    public void A_true_probability_is_calibrated_and_its_interval_holds_its_auc()
    {
        EvaluationReport report = Evaluator.Evaluate(Random(4000, 3), new EvaluationSettings { Resamples = 200 });
        LabelMetrics click = report.Labels["click"];
        Assert.InRange(click.Auc!.Value, click.AucLow!.Value, click.AucHigh!.Value);
        Assert.InRange(click.AucHigh.Value - click.AucLow.Value, 0.01, 0.06);
        Assert.InRange(click.Calibration!.Value, 0.94, 1.06);
        Assert.True(click.Ece < 0.03);
        Assert.True(click.NormalisedEntropy < 0.8);
        Assert.Equal(4000, click.Reliability!.Sum(b => b.Rows));
        Assert.Equal(5.0 / 6, click.Auc.Value, 0.02); // P(score of a positive > of a negative) for p uniform
    }

    [Fact]
    public void The_same_seed_gives_the_same_interval()
    {
        EvaluationSettings settings = new() { Resamples = 50, Seed = 9 };
        Assert.Equal(Evaluator.Evaluate(Random(500, 3), settings).Labels["buy"].AucLow, Evaluator.Evaluate(Random(500, 3), settings).Labels["buy"].AucLow);
    }

    [Fact]
    public void Gauc_is_null_with_the_reason()
    {
        LabelMetrics click = Evaluator.Evaluate(Random(300, 3), new EvaluationSettings { GaucReason = "user aggregates move" }).Labels["click"];
        Assert.Null(click.Gauc);
        Assert.Equal("user aggregates move", click.GaucReason);
        Assert.NotNull(click.Auc);
    }

    [Fact]
    public void Scores_that_are_no_probabilities_have_metrics_of_ranks_only()
    {
        ScoredRows rows = new(["click"]);
        rows.Add("u", "l", [1], [7.5]);
        rows.Add("u", "l", [0], [-2]);
        LabelMetrics click = Evaluator.Evaluate(rows).Labels["click"];
        Assert.Equal(1, click.Auc);
        Assert.Equal(1, click.Ndcg10);
        Assert.Null(click.LogLoss);
        Assert.Null(click.Ece);
    }

    [Fact]
    public void Segments_partition_the_rows_and_the_largest_come_first()
    {
        ScoredRows rows = Random(1000, 5, i => i % 10 == 0 ? "rare" : i % 10 < 4 ? "some" : "most");
        EvaluationReport report = Evaluator.Evaluate(rows, new EvaluationSettings { MaxSegments = 2 });
        Assert.Equal(["most", "some"], report.Segments!.Keys);
        Assert.Equal([600, 300], report.Segments.Values.Select(s => s["click"].Rows));
        List<float> labels = [];
        List<double> scores = [];
        for (int i = 0; i < 1000; i++)
            if (i % 10 is > 0 and < 4)
            {
                labels.Add(rows.Labels(0)[i]);
                scores.Add(rows.Scores(0)[i]);
            }
        Assert.Equal(AreaUnderCurve.Of([.. labels], [.. scores]), report.Segments["some"]["click"].Auc);
    }

    [Fact]
    public void Nothing_to_evaluate_gives_nulls_instead_of_numbers()
    {
        LabelMetrics none = Evaluator.Evaluate(new ScoredRows(["click"])).Labels["click"];
        Assert.Equal((0, null, null, null, null), (none.Rows, none.Auc, none.Gauc, none.LogLoss, none.Ndcg10));
    }

    [Fact]
    public void A_score_that_is_no_number_is_refused_with_its_row()
    {
        ScoredRows rows = new(["click"]);
        rows.Add("u", "l", [1], [0.5]);
        ArgumentException error = Assert.Throws<ArgumentException>(() => rows.Add("u", "l", [1], [double.NaN]));
        Assert.Contains("'click' of row 1 is NaN", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, rows.Count);
    }

    [Fact]
    public void Models_are_compared_only_on_the_same_rows()
    {
        Assert.Throws<ArgumentException>(() => Evaluator.Compare(Random(40, 1), Random(41, 1)));
        Assert.Throws<ArgumentException>(() => Evaluator.Compare(Random(40, 1), Random(40, 2)));
        Assert.Equal(["click", "buy"], Evaluator.Compare(Random(40, 1), Random(40, 1)).Keys);
    }
}
