using Confluent.Kafka;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>
/// Writes to the embedded broker, which forgets what it has no room for: outputs wait for their readers; records of counts and answers,
/// whose reader is the loop that writes them, stay here until there is room.
/// </summary>
sealed class EmbeddedWriter(TopicWriter writer, EmbeddedFlow flow, int partitions) : IMessageWriter
{
    readonly Queue<byte[]>[] counts = [.. Enumerable.Range(0, partitions).Select(_ => new Queue<byte[]>())], answers = [.. Enumerable.Range(0, partitions).Select(_ => new Queue<byte[]>())];

    /// <summary>Ends waits for readers.</summary>
    public CancellationToken Stop { get; set; }

    /// <inheritdoc/>
    public void Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null)
    {
        if (topic is TopicNames.Counts or TopicNames.Answers)
        {
            (topic == TopicNames.Counts ? counts : answers)[partition].Enqueue(value!);
            return;
        }
        flow.Wait(topic, partition, Stop);
        writer.Write(topic, partition, key, value, headers);
    }

    /// <summary>Writes the frames that there is room for.</summary>
    public void SendFrames()
    {
        for (int p = 0; p < partitions; p++)
        {
            Send(TopicNames.Counts, p, counts[p]);
            Send(TopicNames.Answers, p, answers[p]);
        }
    }

    void Send(string topic, int partition, Queue<byte[]> frames)
    {
        while (frames.Count > 0 && flow.HasRoom(topic, partition)) writer.Write(topic, partition, [], frames.Dequeue());
    }
}
