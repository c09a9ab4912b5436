using Ranking.Features.Examples;

namespace Ranking.Serving.Versions;

/// <summary>Scores examples with the weights of one model version. Thread-safe.</summary>
internal interface IScorer : IDisposable
{
    /// <summary>Whether items have tokens that can be kept between requests.</summary>
    bool UsesTokens { get; }

    /// <summary>Scores a request's examples.</summary>
    /// <param name="examples">One for each candidate.</param>
    /// <param name="tokens">For each candidate its cached token, null where there is none; or null where tokens are not used.</param>
    /// <param name="probabilities">Gets, example after example, the probability of each label.</param>
    /// <param name="missed">Gets the tokens that had to be computed, to be written back.</param>
    void Score(IReadOnlyList<FeatureVector> examples, byte[]?[]? tokens, Span<float> probabilities, List<ComputedToken> missed);
}

/// <summary>A token that was not in the cache.</summary>
/// <param name="Candidate">Place of the candidate.</param>
/// <param name="Value">What to cache.</param>
internal readonly record struct ComputedToken(int Candidate, byte[] Value);
