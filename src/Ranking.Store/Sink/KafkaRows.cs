using Confluent.Kafka;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Store.Sink;

/// <summary>The topic <c>rows</c>.</summary>
/// <param name="kafka">Where the topic is.</param>
/// <param name="partitions">Its partitions.</param>
public sealed class KafkaRows(KafkaSettings kafka, int partitions) : KafkaChanges<RowChange>(kafka, "sink", TopicNames.Rows, partitions)
{
    /// <inheritdoc/>
    protected override RowChange Decode(ConsumeResult<byte[], byte[]?> read)
    {
        (string kind, string id) = RowMessages.ReadKey(read.Message.Key);
        return new(kind, id, read.Message.Value is { } value ? RowMessages.Decode(value) : null, read.Partition.Value, read.Offset.Value);
    }
}
