using Confluent.Kafka;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Store.Sink;

/// <summary>The topic <c>rows</c>.</summary>
/// <param name="kafka">Where the topic is.</param>
/// <param name="partitions">Its partitions.</param>
/// <param name="held">Those whose tasks run here now; null for all.</param>
public sealed class KafkaRows(KafkaSettings kafka, int partitions, Func<IReadOnlyList<int>>? held = null)
    : KafkaChanges<RowChange>(kafka, "sink", TopicNames.Rows, partitions, held)
{
    /// <inheritdoc/>
    protected override RowChange Decode(ConsumeResult<byte[], byte[]?> read)
    {
        (string kind, string id) = RowMessages.ReadKey(read.Message.Key);
        return read.Message.Value is { } value
            ? new(kind, id, RowMessages.Decode(value), read.Partition.Value, read.Offset.Value)
            : new(kind, id, null, read.Partition.Value, read.Offset.Value, RowMessages.GoneMs(read.Message.Headers));
    }
}
