using System.Diagnostics;
using Confluent.Kafka;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>
/// Live, lets topic-partitions follow the others where nothing comes: one that has been silent for a time, and is at an end that was
/// asked for after the watermark to follow was read. So nothing that lay in it by then can become late (streams.md, section 2).
/// </summary>
sealed class SilentTopics(KafkaSettings kafka, TaskInput input, BrokerQueries queries, TimeSpan after)
{
    static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(200);

    readonly Stopwatch sinceAsked = Stopwatch.StartNew();
    List<(HeldTask Held, int Topic, long FollowMs)> asked = [];
    Task<Dictionary<TopicPartition, long>>? answer;

    /// <summary>Moves what may move by the last answer, and asks again.</summary>
    /// <exception cref="KafkaException">The broker does not tell where logs end.</exception>
    public void Step(IReadOnlyDictionary<int, HeldTask> tasks)
    {
        if (answer is { IsCompleted: true })
        {
            Dictionary<TopicPartition, long> ends = answer.GetAwaiter().GetResult();
            foreach ((HeldTask held, int topic, long followMs) in asked)
            {
                if (!tasks.TryGetValue(held.Partition, out HeldTask? now) || now != held || !IsSilent(held, topic) || held.Positions[topic] < ends[PartitionOf(held, topic)]) continue;
                (long watermarkMs, bool idle) = held.Task.OwnWatermarks[topic];
                if (idle && followMs <= watermarkMs) continue;
                held.Follow(topic, followMs);
            }
            answer = null;
        }
        if (answer is not null || sinceAsked.Elapsed < AskEvery) return;
        sinceAsked.Restart();
        asked = [.. from held in tasks.Values
                    let followMs = held.Task.ToFollow() ?? long.MinValue
                    from topic in Enumerable.Range(0, input.Sources)
                    where IsSilent(held, topic)
                    select (held, topic, followMs)];
        if (asked.Count > 0) answer = queries.EndsAsync(asked.Select(a => PartitionOf(a.Held, a.Topic)));
    }

    bool IsSilent(HeldTask held, int topic) => held.IsAtEnd(topic) && held.SilentFor(topic) >= after;

    TopicPartition PartitionOf(HeldTask held, int topic) => new(kafka.Topic(input.Topics[topic]), held.Partition);
}
