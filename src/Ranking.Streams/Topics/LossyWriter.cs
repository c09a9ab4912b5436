using Confluent.Kafka;

namespace Ranking.Streams.Topics;

/// <summary>Writes messages that may be lost: never waits for the broker, and tells what became of each (<see cref="TopicWriter"/> loses none).</summary>
public sealed class LossyWriter : IDisposable
{
    readonly KafkaSettings kafka;
    readonly Action<Delivery, string?> told;
    readonly IProducer<byte[], byte[]?> producer;

    /// <summary>A writer to a problem's topics.</summary>
    /// <param name="kafka">Where.</param>
    /// <param name="told">Told of each message, with the reason where it did not arrive; called by other threads.</param>
    public LossyWriter(KafkaSettings kafka, Action<Delivery, string?> told)
    {
        (this.kafka, this.told) = (kafka, told);
        producer = kafka.Producer();
    }

    /// <summary>Partitions of a topic; 0 where there is none, null where no broker answers.</summary>
    public int? PartitionsOf(string topic)
    {
        using IAdminClient admin = kafka.Admin();
        try
        {
            return TopicPartitions.Of(admin, kafka).GetValueOrDefault(topic);
        }
        catch (KafkaException)
        {
            return null;
        }
    }

    /// <summary>Writes a message, if there is room for it.</summary>
    public void Write(string topic, int partition, byte[] key, byte[] value)
    {
        try
        {
            producer.Produce(new TopicPartition(kafka.Topic(topic), partition), new() { Key = key, Value = value },
                report => told(report.Error.IsError ? Delivery.Failed : Delivery.Written, report.Error.IsError ? report.Error.Reason : null));
        }
        catch (ProduceException<byte[], byte[]?> e)
        {
            told(e.Error.Code == ErrorCode.Local_QueueFull ? Delivery.Dropped : Delivery.Failed, e.Error.Reason);
        }
    }

    /// <summary>Waits until everything was delivered, but no longer than a time.</summary>
    public void Flush(TimeSpan most) => producer.Flush(most);

    /// <inheritdoc/>
    public void Dispose() => producer.Dispose();
}
