namespace Ranking.Training.Evaluation;

/// <summary>From scored rows to the metrics of each label. Weights of rows count in AUC and in what reads scores as probabilities; GAUC, NDCG and tests count rows.</summary>
public static class Evaluator
{
    /// <summary>Computes all metrics.</summary>
    /// <param name="rows">The scored rows; they are reported by segment too where they have more than one.</param>
    /// <param name="settings">What to compute.</param>
    public static EvaluationReport Evaluate(ScoredRows rows, EvaluationSettings? settings = null)
    {
        settings ??= new EvaluationSettings();
        return new EvaluationReport(rows.Count, ByLabel(rows, settings), rows.SegmentNames.Count > 1 ? BySegment(rows, settings) : null);
    }

    /// <summary>Compares model B with model A on the same rows, label by label.</summary>
    /// <param name="a">The rows with A's scores.</param>
    /// <param name="b">The same rows, in the same order, with B's scores.</param>
    /// <returns>The difference of each label that both score; null where the rows define none.</returns>
    /// <exception cref="ArgumentException">The rows are not the same.</exception>
    public static IReadOnlyDictionary<string, AucDifference?> Compare(ScoredRows a, ScoredRows b)
    {
        if (a.Count != b.Count || !a.Users.SequenceEqual(b.Users))
            throw new ArgumentException($"Both models must have scored the same rows in the same order: A has {a.Count}, B has {b.Count}.");
        Dictionary<string, AucDifference?> differences = [];
        for (int i = 0; i < a.LabelNames.Count; i++)
        {
            int j = b.LabelNames.ToList().IndexOf(a.LabelNames[i]);
            if (j < 0) continue;
            if (!a.Labels(i).SequenceEqual(b.Labels(j)))
                throw new ArgumentException($"The rows of A and B differ in label '{a.LabelNames[i]}'.");
            differences[a.LabelNames[i]] = PairedTest.Compare(a.Labels(i), a.Scores(i), b.Scores(j), a.Users);
        }
        return differences;
    }

    static Dictionary<string, LabelMetrics> ByLabel(ScoredRows rows, EvaluationSettings settings)
    {
        RowGroups lists = new(rows.Lists);
        Dictionary<string, LabelMetrics> metrics = [];
        for (int i = 0; i < rows.LabelNames.Count; i++) metrics[rows.LabelNames[i]] = OneLabel(rows, i, lists, settings);
        return metrics;
    }

    static LabelMetrics OneLabel(ScoredRows rows, int label, RowGroups lists, EvaluationSettings settings)
    {
        ReadOnlySpan<float> labels = rows.Labels(label);
        ReadOnlySpan<double> scores = rows.Scores(label);
        ReadOnlySpan<double> weights = rows.IsWeighted ? rows.Weights : default;
        ScoreOrder order = ScoreOrder.Of(scores);
        Interval? interval = settings.Resamples > 0 ? UserBootstrap.OfAuc(labels, order, rows.Users, weights, settings.Resamples, seed: settings.Seed) : null;
        GroupedAuc? gauc = settings.GaucReason is null ? GroupedAuc.Of(labels, scores, lists) : null;
        Ndcg ndcg = Ndcg.Of(labels, scores, lists);
        // LambdaMART, for one, scores without a scale: what reads scores as probabilities has nothing to say of those.
        bool probabilities = rows.Count > 0 && scores[order.Rows[0]] >= 0 && scores[order.Rows[^1]] <= 1;
        IReadOnlyList<ReliabilityBin>? curve = probabilities ? Calibration.Curve(labels, scores, weights) : null;
        return new LabelMetrics
        {
            Rows = rows.Count,
            Positives = Positives(labels),
            Auc = rows.IsWeighted ? AreaUnderCurve.Of(order, labels, weights) : AreaUnderCurve.Of(order, labels),
            AucLow = interval?.Low,
            AucHigh = interval?.High,
            Gauc = gauc?.Value,
            GaucReason = settings.GaucReason ?? (gauc?.Value is null ? "no list holds both a positive and a negative" : null),
            GaucLists = gauc?.Lists ?? 0,
            LogLoss = probabilities ? LogLoss.Of(labels, scores, weights) : null,
            NormalisedEntropy = probabilities ? LogLoss.Normalised(labels, scores, weights) : null,
            Ece = curve is null ? null : Calibration.Error(curve),
            Calibration = probabilities ? Calibration.Ratio(labels, scores, weights) : null,
            Ndcg10 = ndcg.Value,
            NdcgLists = ndcg.Lists,
            Reliability = curve,
        };
    }

    static int Positives(ReadOnlySpan<float> labels)
    {
        int positives = 0;
        foreach (float label in labels)
            if (label > 0) positives++;
        return positives;
    }

    static Dictionary<string, IReadOnlyDictionary<string, LabelMetrics>> BySegment(ScoredRows rows, EvaluationSettings settings)
    {
        RowGroups segments = new(rows.Segments);
        Dictionary<string, IReadOnlyDictionary<string, LabelMetrics>> metrics = [];
        foreach (int segment in Enumerable.Range(0, segments.Count).OrderByDescending(s => segments[s].Length).Take(settings.MaxSegments))
            metrics[rows.SegmentNames[segment]] = ByLabel(rows.Take(segments[segment]), settings);
        return metrics;
    }
}
