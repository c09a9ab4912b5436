using Confluent.Kafka;

namespace Ranking.Streams.Topics;

/// <summary>Where Kafka is, and which problem's topics.</summary>
/// <param name="BootstrapServers">host:port, several with commas.</param>
/// <param name="Namespace">Prefix of topics and groups.</param>
/// <param name="Extra">Further client settings (TLS, SASL), as librdkafka names them.</param>
/// <param name="Flow">Of the embedded broker: how much its partitions hold that was not read yet; null for a real broker.</param>
public sealed record KafkaSettings(string BootstrapServers, string Namespace, IReadOnlyDictionary<string, string>? Extra = null, EmbeddedFlow? Flow = null)
{
    /// <summary>The full name of a topic.</summary>
    public string Topic(string name) => $"{Namespace}.{name}";

    /// <summary>A topic's name without the prefix.</summary>
    public string Bare(string topic) => topic[(Namespace.Length + 1)..];

    /// <summary>A producer that loses and repeats nothing while it lives.</summary>
    public IProducer<byte[], byte[]?> Producer(Action<string>? trouble = null) =>
        new ProducerBuilder<byte[], byte[]?>(With(new ProducerConfig
        {
            Acks = Acks.All,
            EnableIdempotence = Flow is null,
            LingerMs = 5,
            BatchSize = 131_072,
            CompressionType = Flow is null ? CompressionType.Lz4 : CompressionType.None,
            QueueBufferingMaxMessages = 200_000,
            QueueBufferingMaxKbytes = 131_072,
            Partitioner = Partitioner.Murmur2Random,
        })).SetErrorHandler((_, e) => trouble?.Invoke(e.ToString())).SetLogHandler(static (_, _) => { }).Build();

    /// <summary>A consumer whose partitions are assigned by hand.</summary>
    public IConsumer<byte[], byte[]?> Consumer(Action<string>? trouble = null) =>
        new ConsumerBuilder<byte[], byte[]?>(With(new ConsumerConfig(Reading())
        {
            GroupId = $"{Namespace}.none",
            FetchWaitMaxMs = 20,
            QueuedMinMessages = 10_000,
            QueuedMaxMessagesKbytes = 32_768,
        })).SetErrorHandler((_, e) => trouble?.Invoke(e.ToString())).SetLogHandler(static (_, _) => { }).Build();

    /// <summary>How everything here reads: positions of our own, ends told, no jump over a gap, committed records only (streams.md, section 3).</summary>
    internal static ConsumerConfig Reading() => new()
    {
        EnableAutoCommit = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Error,
        IsolationLevel = IsolationLevel.ReadCommitted,
    };

    /// <summary>A client that asks and changes settings of the cluster.</summary>
    public IAdminClient Admin(Action<string>? trouble = null) =>
        new AdminClientBuilder(With(new AdminClientConfig())).SetErrorHandler((_, e) => trouble?.Invoke(e.Reason)).SetLogHandler(static (_, _) => { }).Build();

    /// <summary>Adds the address and the further settings to a client's.</summary>
    internal T With<T>(T config) where T : ClientConfig
    {
        config.BootstrapServers = BootstrapServers;
        foreach ((string key, string value) in Extra ?? new Dictionary<string, string>()) config.Set(key, value);
        return config;
    }
}
