using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Store.Sink;

/// <summary>The topic <c>rows</c> of a real or the embedded broker.</summary>
public sealed class KafkaRows : IRowSource, IDisposable
{
    readonly TopicReader reader;
    readonly long[] positions;

    /// <summary>A reader of all partitions.</summary>
    /// <param name="kafka">Where the topic is.</param>
    /// <param name="partitions">Its partitions.</param>
    public KafkaRows(KafkaSettings kafka, int partitions)
    {
        Partitions = partitions;
        Held = [.. Enumerable.Range(0, partitions)];
        positions = new long[partitions];
        reader = new(kafka, "sink", [TopicNames.Rows], partitions);
    }

    /// <inheritdoc/>
    public int Partitions { get; }

    /// <inheritdoc/>
    public IReadOnlyList<int> Held { get; }

    /// <summary>Records that could not be read; they are passed over.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Whether the topic has been read to its end.</summary>
    public bool CaughtUp => reader.CaughtUp;

    /// <inheritdoc/>
    public ValueTask<PartitionBounds> BoundsAsync(int partition, CancellationToken cancellation)
    {
        (long begin, long end) = reader.Bounds(TopicNames.Rows, partition);
        return new(new PartitionBounds(partition, begin, end));
    }

    /// <inheritdoc/>
    public void Seek(int partition, long offset)
    {
        positions[partition] = offset;
        reader.Seek(TopicNames.Rows, partition, offset);
    }

    /// <inheritdoc/>
    public long Position(int partition) => positions[partition];

    /// <inheritdoc/>
    public ValueTask ReadAsync(ICollection<RowChange> into, int max, TimeSpan wait, CancellationToken cancellation)
    {
        for (int n = 0; n < max; n++)
        {
            if (reader.Read(n == 0 ? wait : TimeSpan.Zero) is not { } read) break;
            positions[read.Partition.Value] = read.Offset.Value + 1;
            try
            {
                (string kind, string id) = RowMessages.ReadKey(read.Message.Key);
                into.Add(new(kind, id, read.Message.Value is { } value ? RowMessages.Decode(value) : null, read.Partition.Value, read.Offset.Value));
            }
            catch (MessageFormatException)
            {
                Unreadable++; // ours alone write this topic: a foreign record must not stop the sink
            }
        }
        return default;
    }

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();
}
