namespace Ranking.Streams.Pipeline;

/// <summary>How far a pipeline is.</summary>
/// <param name="Events">Source events that were used.</param>
/// <param name="Examples">Examples that were written.</param>
/// <param name="Rows">Rows that were written.</param>
/// <param name="Late">Events that came too late.</param>
/// <param name="Dead">Events that could not be used.</param>
/// <param name="Copies">Copies that were dropped.</param>
/// <param name="WatermarkMs">The least watermark of all tasks; <see cref="long.MinValue"/> before it has moved.</param>
/// <param name="HeldBackBy">The topic-partition that holds it back.</param>
/// <param name="CaughtUp">Whether all that is there has been read and answered.</param>
public sealed record PipelineStatus(long Events, long Examples, long Rows, long Late, long Dead, long Copies, long WatermarkMs, string HeldBackBy, bool CaughtUp)
{
    /// <summary>Examples with the features that were served.</summary>
    public long Served { get; init; }

    /// <summary>Rows that those features were made from.</summary>
    public long ServedRows { get; init; }

    /// <summary>How many of those rows gave other features than their owners' answers: they were staler than the delay.</summary>
    public long StalerRows { get; init; }

    /// <summary>The share of those rows that were staler; null where there were none.</summary>
    public double? StalerShare => ServedRows == 0 ? null : (double)StalerRows / ServedRows;

    /// <summary>Partitions whose tasks run here.</summary>
    public IReadOnlyList<int> Held { get; init; } = [];
}
