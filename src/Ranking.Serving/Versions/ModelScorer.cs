using System.Buffers.Binary;
using Ranking.Features.Examples;
using Ranking.Models;
using Ranking.Training.Evaluation;

namespace Ranking.Serving.Versions;

/// <summary>Scores with a model of the registry.</summary>
/// <param name="model">The model, which this owns.</param>
/// <param name="keptNegatives">Share of negatives that it was trained on; its probabilities are corrected for it.</param>
internal sealed class ModelScorer(IScoringModel model, double keptNegatives) : IScorer
{
    // A long list is spread over threads that have nothing else to do: latency falls while there is room, and nothing is lost when there is none.
    readonly CandidateScorer scorer = new(model, spread: true);
    readonly StaticInputs inputs = new(model.Layout);

    public bool UsesTokens => scorer.ItemTokenBytes > 0;

    public void Score(IReadOnlyList<FeatureVector> examples, byte[]?[]? tokens, Span<float> probabilities, List<ComputedToken> missed)
    {
        if (tokens is null || !UsesTokens) tokens = null;
        else tokens = TokensOf(examples, tokens, missed);
        scorer.Score(examples, tokens).CopyTo(probabilities);
        if (keptNegatives >= 1) return;
        foreach (ref float p in probabilities) p = (float)NegativeSampling.Correct(p, keptNegatives);
    }

    /// <summary>A cached value is the hash of the item's static features and then the token; what does not fit is computed and written again.</summary>
    byte[]?[] TokensOf(IReadOnlyList<FeatureVector> examples, byte[]?[] cached, List<ComputedToken> missed)
    {
        var tokens = new byte[]?[cached.Length];
        byte[] scratch = new byte[1024];
        for (int i = 0; i < tokens.Length; i++)
        {
            ulong hash = inputs.HashOf(examples[i], ref scratch);
            if (cached[i] is { } value && value.Length > sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(value) == hash
                && scorer.IsItemToken(value.AsSpan(sizeof(ulong))))
            {
                tokens[i] = value[sizeof(ulong)..];
                continue;
            }
            byte[] token = tokens[i] = scorer.ComputeItemToken(examples[i]);
            byte[] kept = new byte[sizeof(ulong) + token.Length];
            BinaryPrimitives.WriteUInt64LittleEndian(kept, hash);
            token.CopyTo(kept, sizeof(ulong));
            missed.Add(new ComputedToken(i, kept));
        }
        return tokens;
    }

    public void Dispose() => model.Dispose();
}
