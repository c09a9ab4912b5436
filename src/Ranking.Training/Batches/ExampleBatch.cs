using Ranking.Features.Examples;

namespace Ranking.Training.Batches;

/// <summary>Examples that are learned from, or scored, at once.</summary>
/// <param name="Examples">The examples.</param>
/// <param name="After">Where the next batch begins.</param>
public sealed record ExampleBatch(IReadOnlyList<Example> Examples, BatchPosition After);
