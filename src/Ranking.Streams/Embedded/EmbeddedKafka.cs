using Confluent.Kafka;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Embedded;

/// <summary>
/// librdkafka's own in-process broker, for demos and tests: nothing to install, nothing kept. It drops what a partition holds beyond
/// about 5 MB, stores no transactional offsets and fences nobody (design.md, section 6); producers of ours wait for readers
/// (<see cref="EmbeddedFlow"/>).
/// </summary>
public sealed class EmbeddedKafka : IDisposable
{
    /// <summary>Partitions of each topic: what the in-process broker creates by itself.</summary>
    public const int Partitions = 4;

    readonly IProducer<byte[], byte[]> owner;

    EmbeddedKafka(IProducer<byte[], byte[]> owner, string bootstrapServers) => (this.owner, BootstrapServers) = (owner, bootstrapServers);

    /// <summary>Where clients reach it, host:port; for as long as this object lives.</summary>
    public string BootstrapServers { get; }

    /// <summary>Settings for a problem's topics on it.</summary>
    public KafkaSettings Settings(string nameSpace) => new(BootstrapServers, nameSpace, Flow: new());

    /// <summary>Starts the broker.</summary>
    public static EmbeddedKafka Start()
    {
        var config = new ProducerConfig { BootstrapServers = "in-process" };
        config.Set("test.mock.num.brokers", "1");
        IProducer<byte[], byte[]> owner = new ProducerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).Build();
        using IAdminClient admin = new DependentAdminClientBuilder(owner.Handle).Build();
        BrokerMetadata broker = admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers[0];
        return new(owner, $"{broker.Host}:{broker.Port}");
    }

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();
}
