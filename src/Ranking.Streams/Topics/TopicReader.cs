using System.Diagnostics;
using Confluent.Kafka;
using Ranking.Features.Errors;

namespace Ranking.Streams.Topics;

/// <summary>Reads partitions of some topics, at first all, assigned by hand, and knows when it has reached their ends.</summary>
public sealed class TopicReader : IDisposable
{
    static readonly TimeSpan LongestElection = TimeSpan.FromSeconds(30);

    readonly KafkaSettings kafka;
    readonly string name;
    readonly IConsumer<byte[], byte[]?> consumer;
    readonly Dictionary<(string, int), long> atEnd = []; // the offset of the end, markers and holes before it included
    readonly HashSet<TopicPartition> assigned;
    readonly string[] topics;

    /// <summary>A reader from given offsets.</summary>
    /// <param name="kafka">Where.</param>
    /// <param name="name">Name of the reader, for the embedded broker's flow.</param>
    /// <param name="topics">Topics, without prefix.</param>
    /// <param name="partitions">Partitions of each.</param>
    /// <param name="start">Where to begin; by default at the beginning.</param>
    public TopicReader(KafkaSettings kafka, string name, IEnumerable<string> topics, int partitions, Func<string, int, Offset>? start = null)
    {
        (this.kafka, this.name, this.topics) = (kafka, name, [.. topics]);
        consumer = kafka.Consumer();
        TopicPartitionOffset[] all = [.. from topic in this.topics
                                         from p in Enumerable.Range(0, partitions)
                                         select new TopicPartitionOffset(kafka.Topic(topic), p, start?.Invoke(topic, p) ?? Offset.Beginning)];
        foreach (string topic in this.topics) kafka.Flow?.Register(topic, name);
        assigned = [.. all.Select(a => a.TopicPartition)];
        consumer.Assign(all);
    }

    /// <summary>Whether every partition has been read to the end that it had when its end was last seen.</summary>
    public bool CaughtUp => atEnd.Count == assigned.Count;

    /// <summary>Whether a partition has been read to an end that <see cref="Bounds"/> gave. Of the thread that reads.</summary>
    public bool HasReached(string topic, int partition, long end) =>
        atEnd.TryGetValue((kafka.Topic(topic), partition), out long seen) ? seen >= end : Position(topic, partition) is { } position && position >= end;

    /// <summary>Reads the next message; null if none came in time, or a partition's end was reached.</summary>
    /// <exception cref="ConsumeException">The broker failed.</exception>
    /// <exception cref="RankingException">The position is not in the log any more: a gap.</exception>
    public ConsumeResult<byte[], byte[]?>? Read(TimeSpan wait)
    {
        ConsumeResult<byte[], byte[]?>? result;
        try
        {
            result = consumer.Consume(wait);
        }
        catch (ConsumeException e) when (e.Error.Code is Confluent.Kafka.ErrorCode.OffsetOutOfRange or Confluent.Kafka.ErrorCode.Local_AutoOffsetReset)
        {
            TopicPartitionOffset at = e.ConsumerRecord.TopicPartitionOffset;
            (long begin, long end) = Bounds(kafka.Bare(at.Topic), at.Partition.Value);
            throw new RankingException(ErrorCodes.LogGap, $"{at.Topic}, partition {at.Partition.Value}: {name} is at offset {at.Offset.Value}, the log holds {begin} to {end}", e);
        }
        if (result is null) return null;
        (string, int) from = (result.Topic, result.Partition.Value);
        if (result.IsPartitionEOF)
        {
            atEnd[from] = result.Offset.Value;
            return null;
        }
        atEnd.Remove(from);
        kafka.Flow?.Consumed(kafka.Bare(result.Topic), result.Partition.Value, name, result.Message.Key.Length + (result.Message.Value?.Length ?? 0));
        return result;
    }

    /// <summary>The start of a partition's log and the end of what can be read, asked of the broker now.</summary>
    /// <param name="topic">The topic, without prefix.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="cancel">Ends a wait for a broker that is away, which has no other end where this can be cancelled.</param>
    /// <exception cref="KafkaException">The broker does not answer, or the partition has no leader after 30 s.</exception>
    public (long Begin, long End) Bounds(string topic, int partition, CancellationToken cancel = default)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                WatermarkOffsets offsets = consumer.QueryWatermarkOffsets(new TopicPartition(kafka.Topic(topic), partition), TimeSpan.FromSeconds(10));
                return (offsets.Low.Value, offsets.High.Value);
            }
            catch (KafkaException e) when ((e.Error is { IsLocalError: true, IsFatal: false } && cancel.CanBeCanceled)
                || (e.Error.Code is Confluent.Kafka.ErrorCode.NotLeaderForPartition or Confluent.Kafka.ErrorCode.LeaderNotAvailable && waited.Elapsed < LongestElection))
            {
                if (cancel.WaitHandle.WaitOne(100)) cancel.ThrowIfCancellationRequested(); // of a topic that was made, or lost its leader, just before
            }
        }
    }

    /// <summary>The offset of the next message of a partition; null before the first was read.</summary>
    public long? Position(string topic, int partition)
    {
        Offset position = consumer.Position(new TopicPartition(kafka.Topic(topic), partition));
        return position.IsSpecial ? null : position.Value;
    }

    /// <summary>Reads a partition no longer, until <see cref="Seek"/> takes it again.</summary>
    public void Release(string topic, int partition)
    {
        var given = new TopicPartition(kafka.Topic(topic), partition);
        if (!assigned.Remove(given)) return;
        atEnd.Remove((given.Topic, partition));
        consumer.IncrementalUnassign([given]);
    }

    /// <summary>Continues a partition from another offset.</summary>
    public void Seek(string topic, int partition, long offset)
    {
        var to = new TopicPartitionOffset(kafka.Topic(topic), partition, offset);
        atEnd.Remove((to.Topic, partition));
        // A seek is refused while a fresh assignment has not begun to fetch; assigning anew always works.
        if (!assigned.Add(to.TopicPartition)) consumer.IncrementalUnassign([to.TopicPartition]);
        consumer.IncrementalAssign([to]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (string topic in topics) kafka.Flow?.Unregister(topic, name);
        consumer.Close();
        consumer.Dispose();
    }
}
