using Confluent.Kafka;

namespace Ranking.Streams.Topics;

/// <summary>Writes messages to partitions that we choose ourselves, and finds out about every one that did not arrive.</summary>
public sealed class TopicWriter : Pipeline.IMessageWriter, IDisposable
{
    readonly KafkaSettings kafka;
    readonly IProducer<byte[], byte[]?> producer;
    readonly Action<DeliveryReport<byte[], byte[]?>> delivered;
    volatile Exception? failure;

    /// <summary>A writer to a problem's topics.</summary>
    public TopicWriter(KafkaSettings kafka)
    {
        this.kafka = kafka;
        producer = kafka.Producer();
        delivered = report => { if (report.Error.IsError) failure ??= new KafkaException(report.Error); };
    }

    /// <summary>Writes a message.</summary>
    /// <exception cref="KafkaException">This or an earlier message could not be delivered.</exception>
    public void Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null)
    {
        if (failure is { } failed) throw new InvalidOperationException($"a message could not be written: {failed.Message}", failed);
        string name = kafka.Topic(topic);
        kafka.Flow?.Produced(topic, partition, key.Length + (value?.Length ?? 0));
        var message = new Message<byte[], byte[]?> { Key = key, Value = value, Headers = headers };
        while (true)
        {
            try
            {
                producer.Produce(new TopicPartition(name, partition), message, delivered);
                return;
            }
            catch (ProduceException<byte[], byte[]?> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(20)); // the broker is slower than we are: wait for it
            }
        }
    }

    /// <summary>Waits until everything was delivered.</summary>
    /// <exception cref="InvalidOperationException">Something could not be delivered.</exception>
    public void Flush(CancellationToken cancel = default)
    {
        producer.Flush(cancel);
        if (failure is { } failed) throw new InvalidOperationException($"a message could not be written: {failed.Message}", failed);
    }

    /// <inheritdoc/>
    public void Dispose() => producer.Dispose();
}
