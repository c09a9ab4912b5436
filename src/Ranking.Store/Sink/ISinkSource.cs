namespace Ranking.Store.Sink;

/// <summary>
/// Reads a topic for a sink: a consumer assigned by hand the partitions of the tasks held, reading committed records only.
/// Used by one thread at a time.
/// </summary>
public interface ISinkSource<TChange>
{
    /// <summary>Number of partitions of the topic, a power of two that divides <see cref="KeyLayout.Tags"/>.</summary>
    int Partitions { get; }

    /// <summary>Partitions read now. May be another list at each call, as tasks come and go.</summary>
    IReadOnlyList<int> Held { get; }

    /// <summary>Whether a partition has been read to the end of bounds that were asked for.</summary>
    bool HasReached(PartitionBounds bounds);

    /// <summary>The log's start and the end of what is committed, asked of the broker now; may be asked from other threads.</summary>
    ValueTask<PartitionBounds> BoundsAsync(int partition, CancellationToken cancellation);

    /// <summary>Reads a partition from this offset on.</summary>
    void Seek(int partition, long offset);

    /// <summary>Offset of the next record, behind markers and holes that were passed over.</summary>
    long Position(int partition);

    /// <summary>Adds up to <paramref name="max"/> records, waiting at most <paramref name="wait"/> for the first.</summary>
    ValueTask ReadAsync(ICollection<TChange> into, int max, TimeSpan wait, CancellationToken cancellation);
}
