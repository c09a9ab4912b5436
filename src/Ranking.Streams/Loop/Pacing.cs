using Confluent.Kafka;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>
/// Keeps topic-partitions of the sources from running far ahead of the least one in event time: what is read early must be held until
/// the others come. By published watermarks only, since the least partition may be another member's (streams.md, section 2).
/// </summary>
sealed class Pacing(KafkaSettings kafka, TaskInput input, TimeSpan mostAhead)
{
    readonly long mostMs = (long)mostAhead.TotalMilliseconds;
    readonly HashSet<TopicPartition> paused = [], due = [];
    long floorMs = long.MaxValue;

    /// <summary>Before a commit: chooses what is to be paused, and has those partitions publish where exactly they stand, so that nobody waits for a boundary that they do not reach.</summary>
    public void Choose(IEnumerable<HeldTask> tasks)
    {
        due.Clear();
        foreach (HeldTask held in tasks)
        {
            long least = Least(held);
            for (int t = 0; t < input.Sources; t++)
            {
                long own = held.Task.OwnWatermarks[t].WatermarkMs;
                // The least one goes on: with it, time would stand still.
                bool isLeast = own == held.Task.WatermarkMs && held.Task.Sources[held.Partition].WatermarkMs <= least;
                if (own == long.MinValue || isLeast || own - least <= mostMs || !due.Add(new(kafka.Topic(input.Topics[t]), held.Partition))) continue;
                held.Task.Publish();
            }
        }
    }

    /// <summary>After the commit: pauses what was chosen.</summary>
    public void Pause(IConsumer<byte[], byte[]?> consumer)
    {
        due.ExceptWith(paused);
        if (due.Count > 0) consumer.Pause(due);
        paused.UnionWith(due);
    }

    /// <summary>Lets go on what is near enough again.</summary>
    public void Resume(IConsumer<byte[], byte[]?> consumer, IReadOnlyDictionary<int, HeldTask> tasks)
    {
        if (paused.Count == 0) return;
        TopicPartition[] near = [.. paused.Where(p => tasks[p.Partition.Value] is var held && IsNear(held, held.Task.OwnWatermarks[input.IndexOf(p.Topic)].WatermarkMs))];
        if (near.Length > 0) consumer.Resume(near);
        paused.ExceptWith(near);
    }

    /// <summary>The partitions were given up: what was paused is forgotten with them.</summary>
    public void Clear()
    {
        paused.Clear();
        due.Clear();
        floorMs = long.MaxValue;
    }

    bool IsNear(HeldTask held, long ownMs) => Least(held) is var least && (ownMs - least <= mostMs / 2 || (ownMs == held.Task.WatermarkMs && held.Task.Sources[held.Partition].WatermarkMs <= least));

    /// <summary>The least published watermark. Partitions that have published none yet count as the earliest time that was read here.</summary>
    long Least(HeldTask held)
    {
        foreach ((long watermarkMs, _) in held.Task.OwnWatermarks)
            if (watermarkMs != long.MinValue) floorMs = Math.Min(floorMs, watermarkMs);
        long least = long.MaxValue;
        foreach ((long watermarkMs, _) in held.Task.Sources) least = Math.Min(least, watermarkMs);
        return least == long.MinValue ? floorMs : least;
    }
}
