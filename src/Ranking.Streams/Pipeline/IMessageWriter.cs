using Confluent.Kafka;

namespace Ranking.Streams.Pipeline;

/// <summary>Where a member's messages go: straight to the embedded broker, or into a transaction.</summary>
interface IMessageWriter
{
    /// <summary>Writes a message to a topic, named without its prefix.</summary>
    void Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null);
}
