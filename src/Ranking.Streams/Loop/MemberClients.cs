using Confluent.Kafka;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>Settings of a member's Kafka clients (streams.md, section 3).</summary>
static class MemberClients
{
    /// <summary>Name of the consumer group, and prefix of the changelog and of transactional ids.</summary>
    public static string Group(KafkaSettings kafka) => kafka.Topic("pipeline");

    /// <summary>The group's consumer, not yet built: who uses it adds the handlers.</summary>
    public static ConsumerBuilder<byte[], byte[]?> Consumer(KafkaSettings kafka, PipelineOptions options) => new ConsumerBuilder<byte[], byte[]?>(kafka.With(new ConsumerConfig(KafkaSettings.Reading())
    {
        GroupId = Group(kafka),
        GroupInstanceId = options.Member,
        GroupProtocol = GroupProtocol.Classic,
        PartitionAssignmentStrategy = PartitionAssignmentStrategy.Range,
        SessionTimeoutMs = (int)options.SessionTimeout.TotalMilliseconds,
        FetchWaitMaxMs = 100,
        // Small parts of many partitions, so that none runs far ahead of the others in event time.
        MaxPartitionFetchBytes = 65_536,
        QueuedMaxMessagesKbytes = 32_768,
    })).SetLogHandler(static (_, _) => { });

    /// <summary>A consumer of the changelog, assigned by hand.</summary>
    public static IConsumer<byte[], byte[]?> ChangelogConsumer(KafkaSettings kafka) => new ConsumerBuilder<byte[], byte[]?>(kafka.With(new ConsumerConfig(KafkaSettings.Reading())
    {
        GroupId = $"{Group(kafka)}.none",
        FetchWaitMaxMs = 50,
        ConsumeResultFields = "none",
    })).SetLogHandler(static (_, _) => { }).Build();

    /// <summary>The member's producer.</summary>
    public static IProducer<byte[], byte[]?> Producer(KafkaSettings kafka, PipelineOptions options) => new ProducerBuilder<byte[], byte[]?>(kafka.With(new ProducerConfig
    {
        TransactionalId = $"{Group(kafka)}.{options.Member}",
        TransactionTimeoutMs = 10_000,
        LingerMs = 20,
        BatchSize = 262_144,
        CompressionType = CompressionType.Lz4,
        QueueBufferingMaxMessages = 500_000,
        QueueBufferingMaxKbytes = 262_144,
        EnableDeliveryReports = false, // the commit tells
    })).SetLogHandler(static (_, _) => { }).Build();
}
