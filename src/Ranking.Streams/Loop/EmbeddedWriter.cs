using Confluent.Kafka;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>Writes to the embedded broker, which forgets what it has no room for: outputs wait for their readers.</summary>
sealed class EmbeddedWriter(TopicWriter writer, EmbeddedFlow flow) : IMessageWriter
{
    /// <summary>Ends waits for readers.</summary>
    public CancellationToken Stop { get; set; }

    /// <inheritdoc/>
    public void Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null)
    {
        flow.Wait(topic, partition, Stop);
        writer.Write(topic, partition, key, value, headers);
    }
}
