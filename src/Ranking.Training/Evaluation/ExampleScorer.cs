using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Training.Batches;

namespace Ranking.Training.Evaluation;

/// <summary>Scores feature vectors: row-major [examples, labels], in the order of the spec's labels.</summary>
public delegate float[] ScoreVectors(IReadOnlyList<FeatureVector> vectors);

/// <summary>Runs models over examples and keeps what the metrics need.</summary>
public static class ExampleScorer
{
    const int BatchSize = 1024, Ahead = 8;

    /// <summary>Scores every example of a source; probabilities of models that saw a sample of the negatives are corrected.</summary>
    /// <param name="spec">The spec that the examples were made with.</param>
    /// <param name="score">The model.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="segment">The segment of an example; null for none.</param>
    /// <param name="cancel">Stops between batches.</param>
    public static ScoredRows Score(RankingSpec spec, ScoreVectors score, IExampleSource examples, Func<Example, string>? segment = null, CancellationToken cancel = default)
    {
        ScoredRows rows = new([.. spec.Labels.Keys]);
        double[] scores = new double[spec.Labels.Count];
        using ReadAhead<ExampleBatch> batches = new(stop => new BatchOrder(BatchSize).Read(examples, 0, BatchPosition.Start, stop), Ahead, cancel);
        foreach (ExampleBatch batch in batches.Read())
        {
            float[] all = score([.. batch.Examples.Select(e => e.Features)]);
            for (int i = 0; i < batch.Examples.Count; i++)
            {
                for (int label = 0; label < scores.Length; label++) scores[label] = all[i * scores.Length + label];
                Add(rows, spec, batch.Examples[i], scores, segment);
            }
        }
        return rows;
    }

    /// <summary>Adds an example with its raw scores: corrected and weighted for the sampling of negatives.</summary>
    internal static void Add(ScoredRows rows, RankingSpec spec, Example example, Span<double> scores, Func<Example, string>? segment)
    {
        double keep = spec.Negatives.Keep;
        if (keep < 1)
            for (int label = 0; label < scores.Length; label++) scores[label] = NegativeSampling.Correct(scores[label], keep);
        bool sampled = keep < 1 && example.Labels.AsSpan().IndexOfAnyExcept(0f) < 0;
        rows.Add(example.User, example.ListKey, example.Labels, scores, segment?.Invoke(example) ?? "", sampled ? 1 / keep : 1);
    }
}
