namespace Ranking.Training.Batches;

/// <summary>The examples of a source whose event time lies in a range.</summary>
/// <param name="source">The source.</param>
/// <param name="range">The range.</param>
public sealed class ExampleRange(IExampleSource source, TimeRange range) : IExampleSource
{
    long? count;

    /// <inheritdoc/>
    public string Identity => $"{source.Identity} from {range.FromMs?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the start"} to {range.ToMs?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the end"}";

    /// <summary>How many lie in the range: a source that has an end is read once for it.</summary>
    public long? Count => source.Count is null ? null : count ??= source.Read(BatchPosition.Start.Offsets, CancellationToken.None).LongCount(e => range.Contains(e.Example));

    /// <inheritdoc/>
    public IEnumerable<SourcedExample> Read(IReadOnlyDictionary<int, long> from, CancellationToken cancel) =>
        source.Read(from, cancel).Where(e => range.Contains(e.Example));
}
