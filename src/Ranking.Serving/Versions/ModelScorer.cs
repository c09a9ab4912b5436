using Ranking.Features.Examples;
using Ranking.Models;
using Ranking.Training.Evaluation;

namespace Ranking.Serving.Versions;

/// <summary>Scores with a model of the registry.</summary>
/// <param name="model">The model, which this owns.</param>
/// <param name="keptNegatives">Share of negatives that it was trained on; its probabilities are corrected for it.</param>
internal sealed class ModelScorer(RankingModel model, double keptNegatives) : IScorer
{
    public bool UsesTokens => false;

    public void Score(IReadOnlyList<FeatureVector> examples, byte[]?[]? tokens, Span<float> probabilities, List<ComputedToken> missed)
    {
        model.Score(examples).CopyTo(probabilities);
        if (keptNegatives >= 1) return;
        foreach (ref float p in probabilities) p = (float)NegativeSampling.Correct(p, keptNegatives);
    }

    public void Dispose() => model.Dispose();
}
