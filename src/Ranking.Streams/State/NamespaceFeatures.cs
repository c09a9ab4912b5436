using Confluent.Kafka;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Ranking.Streams.State;

/// <summary>Of which features a namespace is: its tasks' last commits say so, at the ends of their changelogs.</summary>
static class NamespaceFeatures
{
    const int Tail = 64;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Refuses a spec of other features than the namespace's. One whose pipeline has not run yet takes any.</summary>
    /// <exception cref="RankingException">RNK1006: the namespace is of another spec. RNK2006: of another format.</exception>
    /// <exception cref="KafkaException">No broker answers.</exception>
    public static void Check(KafkaSettings kafka, RankingSpec spec, int partitions)
    {
        using IConsumer<byte[], byte[]?> consumer = kafka.Consumer();
        for (int p = 0; p < partitions; p++)
        {
            var log = new TopicPartition(kafka.Topic(TopicNames.State), p);
            if (Bounds(consumer, log) is not var (begin, end) || begin == end) continue;
            // The marks are the last record of a commit; behind them may lie what was aborted.
            byte[]? marks = LastMarks(consumer, log, Math.Max(begin, end - Tail)) ?? (end - Tail > begin ? LastMarks(consumer, log, begin) : null);
            if (marks is null) continue;
            CommittedMarks.Read(marks, spec.FeatureHash);
            return;
        }
    }

    static (long Begin, long End)? Bounds(IConsumer<byte[], byte[]?> consumer, TopicPartition log)
    {
        try
        {
            WatermarkOffsets bounds = consumer.QueryWatermarkOffsets(log, Patience);
            return (bounds.Low.Value, bounds.High.Value);
        }
        catch (KafkaException e) when (e.Error.Code is KafkaError.NotLeaderForPartition or KafkaError.LeaderNotAvailable or KafkaError.UnknownTopicOrPart)
        {
            return null; // another process makes the topic just now
        }
    }

    static byte[]? LastMarks(IConsumer<byte[], byte[]?> consumer, TopicPartition log, long from)
    {
        byte[]? marks = null;
        consumer.Assign([new TopicPartitionOffset(log, from)]);
        while (consumer.Consume(Patience) is { IsPartitionEOF: false } read)
            if (read.Message.Key.AsSpan().SequenceEqual(StateKeys.OfMarks)) marks = read.Message.Value;
        return marks;
    }
}
