using Ranking.Features.Examples;

namespace Ranking.Training.Batches;

/// <summary>Examples in an order of their own that never changes: files, a merged stream, a list. Every reading begins where it is told to.</summary>
public interface IExampleSource
{
    /// <summary>What is read, in words: a checkpoint is not resumed on another source.</summary>
    string Identity { get; }

    /// <summary>How many examples a reading from the start gives, where that is known ahead: schedules that end need it. Null: a stream, which is read once.</summary>
    long? Count { get; }

    /// <summary>Reads on from a position; ends where the source ends, blocks where it waits for more.</summary>
    /// <param name="from">By partition (or file), the offset of the next example; a partition that is not named starts at its beginning.</param>
    /// <param name="cancel">Ends a wait.</param>
    /// <exception cref="Ranking.Features.Errors.RankingException">The source cannot be read, or has lost what lies at the position.</exception>
    IEnumerable<SourcedExample> Read(IReadOnlyDictionary<int, long> from, CancellationToken cancel);
}

/// <summary>An example and where to read on after it.</summary>
/// <param name="Example">The example.</param>
/// <param name="Partition">The partition, or the number of the file.</param>
/// <param name="Next">The offset after the example in that partition.</param>
public readonly record struct SourcedExample(Example Example, int Partition, long Next);
