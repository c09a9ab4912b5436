using Ranking.Features.Examples;

namespace Ranking.Serving.Ranking;

/// <summary>A ranked request, before it is written as JSON or MessagePack.</summary>
/// <param name="Query">The request.</param>
/// <param name="Layout">Names of the version that scored.</param>
/// <param name="Order">Places of the candidates, best first, at most the limit.</param>
/// <param name="Scores">For each candidate its blended score.</param>
/// <param name="Probabilities">For each candidate, label after label.</param>
/// <param name="Examples">What each candidate was scored with.</param>
/// <param name="DegradedReasons">What was missing; empty for a full answer.</param>
internal sealed record RankResult(
    RankQuery Query,
    AnswerLayout Layout,
    ReadOnlyMemory<int> Order,
    double[] Scores,
    float[] Probabilities,
    FeatureVector[] Examples,
    IReadOnlyList<string> DegradedReasons);
