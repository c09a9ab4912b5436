using Ranking.Features.Examples;
using Ranking.Models;
using Ranking.Training.Evaluation;

namespace Ranking.Serving.Versions;

/// <summary>Scores with a model of the registry.</summary>
/// <param name="model">The model, which this owns.</param>
/// <param name="keptNegatives">Share of negatives that it was trained on; its probabilities are corrected for it.</param>
internal sealed class ModelScorer(RankingModel model, double keptNegatives) : IScorer
{
    readonly CandidateScorer scorer = new(model);

    public bool UsesTokens => scorer.ItemTokenBytes > 0;

    public void Score(IReadOnlyList<FeatureVector> examples, byte[]?[]? tokens, Span<float> probabilities, List<ComputedToken> missed)
    {
        if (tokens is not null && UsesTokens)
        {
            for (int i = 0; i < tokens.Length; i++)
            {
                // What a cache holds may be damaged: it is then computed and written again.
                if (tokens[i] is { } cached && scorer.IsItemToken(cached)) continue;
                missed.Add(new ComputedToken(i, tokens[i] = scorer.ComputeItemToken(examples[i])));
            }
        }
        else
        {
            tokens = null;
        }
        scorer.Score(examples, tokens).CopyTo(probabilities);
        if (keptNegatives >= 1) return;
        foreach (ref float p in probabilities) p = (float)NegativeSampling.Correct(p, keptNegatives);
    }

    public void Dispose() => model.Dispose();
}
