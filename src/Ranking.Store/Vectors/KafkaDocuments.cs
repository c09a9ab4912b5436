using Confluent.Kafka;
using Ranking.Features.Events;
using Ranking.Features.Spec;
using Ranking.Store.Sink;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Store.Vectors;

/// <summary>The topic of an entity kind's documents.</summary>
/// <param name="kafka">Where the topic is.</param>
/// <param name="reader">Name of the reader, for the embedded broker's flow.</param>
/// <param name="kind">Entity kind.</param>
/// <param name="partitions">The topic's partitions.</param>
/// <param name="held">Those whose tasks run here now; null for all.</param>
/// <param name="json">How JSON records name their fields; null: as the SQL does.</param>
public sealed class KafkaDocuments(KafkaSettings kafka, string reader, string kind, int partitions, Func<IReadOnlyList<int>>? held = null, JsonSpec? json = null)
    : KafkaChanges<DocumentChange>(kafka, reader, Topic(kind), partitions, held)
{
    readonly string _topic = Topic(kind);

    static string Topic(string kind) => "entities." + kind;

    /// <inheritdoc/>
    protected override DocumentChange Decode(ConsumeResult<byte[], byte[]?> read)
    {
        SourceMessage message = SourceRecords.Decode(_topic, read.Message, context: [], json);
        return message.Event is EntityDocument document
            ? new(document.Id, document.TimeMs, document.Json, read.Partition.Value, read.Offset.Value)
            : new(null, message.TimeMs, null, read.Partition.Value, read.Offset.Value);
    }
}
