using Ranking.Features.Examples;

namespace Ranking.Training.Batches;

/// <summary>Examples in memory, as one partition.</summary>
/// <param name="examples">The examples, in order.</param>
public sealed class ExampleList(IReadOnlyList<Example> examples) : IExampleSource
{
    /// <inheritdoc/>
    public string Identity => $"a list of {examples.Count} examples";

    /// <inheritdoc/>
    public long? Count => examples.Count;

    /// <inheritdoc/>
    public IEnumerable<SourcedExample> Read(IReadOnlyDictionary<int, long> from, CancellationToken cancel)
    {
        for (int i = (int)from.GetValueOrDefault(0); i < examples.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            yield return new SourcedExample(examples[i], 0, i + 1);
        }
    }
}
