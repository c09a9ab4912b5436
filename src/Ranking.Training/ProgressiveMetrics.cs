using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Training.Evaluation;

namespace Ranking.Training;

/// <summary>Progressive validation: the latest examples with the scores that they had before they were learned from.</summary>
/// <param name="spec">Names the labels.</param>
/// <param name="capacity">How many examples are kept.</param>
sealed class ProgressiveMetrics(RankingSpec spec, int capacity)
{
    readonly Queue<(Example Example, float[] Scores)> latest = new(capacity);
    double lossSum;
    int batches;

    /// <summary>The examples kept, oldest first.</summary>
    public IReadOnlyList<Example> Examples => [.. latest.Select(l => l.Example)];

    /// <summary>Mean loss of the batches since this was last read.</summary>
    public double TakeLoss()
    {
        double loss = batches == 0 ? double.NaN : lossSum / batches;
        (lossSum, batches) = (0, 0);
        return loss;
    }

    /// <summary>Adds a batch.</summary>
    public void Add(IReadOnlyList<Example> examples, IReadOnlyList<float> scores, double loss)
    {
        int labels = spec.Labels.Count;
        for (int i = 0; i < examples.Count; i++)
        {
            float[] own = new float[labels];
            for (int label = 0; label < labels; label++) own[label] = scores[i * labels + label];
            if (latest.Count == capacity) latest.Dequeue();
            latest.Enqueue((examples[i], own));
        }
        lossSum += loss;
        batches++;
    }

    /// <summary>The examples kept as rows for metrics.</summary>
    public ScoredRows Rows() => Rows(latest);

    /// <summary>AUC by label over the examples kept now; the function may be called on another thread, while batches are added.</summary>
    public Func<IReadOnlyDictionary<string, double?>> Auc()
    {
        (Example, float[])[] now = [.. latest];
        return () =>
        {
            ScoredRows rows = Rows(now);
            Dictionary<string, double?> auc = [];
            for (int label = 0; label < spec.Labels.Count; label++) auc[rows.LabelNames[label]] = AreaUnderCurve.Of(rows.Labels(label), rows.Scores(label));
            return auc;
        };
    }

    ScoredRows Rows(IEnumerable<(Example, float[])> examples)
    {
        ScoredRows rows = new([.. spec.Labels.Keys]);
        double[] scores = new double[spec.Labels.Count];
        foreach ((Example example, float[] own) in examples)
        {
            for (int label = 0; label < scores.Length; label++) scores[label] = own[label];
            ExampleScorer.Add(rows, spec, example, scores, null);
        }
        return rows;
    }
}
