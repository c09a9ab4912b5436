namespace Ranking.Features.Joining;

/// <summary>
/// The watermark of a source partition: the least over its topics, each of which is the greatest time read less the allowed lateness.
/// A topic that is idle follows the others (streams.md, section 2).
/// </summary>
public sealed class SourceClock
{
    readonly (long WatermarkMs, bool Idle)[] topics;
    readonly long latenessMs;

    /// <summary>A clock that nothing was read by.</summary>
    public SourceClock(int topics, long latenessMs) : this([.. Enumerable.Repeat((long.MinValue, false), topics)], long.MinValue, latenessMs) { }

    /// <summary>A clock as it stood.</summary>
    public SourceClock((long WatermarkMs, bool Idle)[] topics, long watermarkMs, long latenessMs)
    {
        (this.topics, WatermarkMs, this.latenessMs) = (topics, watermarkMs, latenessMs);
        Move();
    }

    /// <summary>No event below this time is used any more.</summary>
    public long WatermarkMs { get; private set; }

    /// <summary>The topic that holds the watermark back.</summary>
    public int Slowest { get; private set; }

    /// <summary>Whether every topic is idle.</summary>
    public bool IsIdle => Array.TrueForAll(topics, t => t.Idle);

    /// <summary>Each topic's own watermark, and whether it is idle.</summary>
    public IReadOnlyList<(long WatermarkMs, bool Idle)> Topics => topics;

    /// <summary>A topic's own watermark.</summary>
    public long WatermarkOf(int topic) => topics[topic].WatermarkMs;

    /// <summary>Takes note of a time that was read from a topic; false if the topic's watermark, or one that it followed, has passed it: late.</summary>
    public bool Observe(int topic, long timeMs)
    {
        long own = topics[topic].WatermarkMs;
        if (timeMs < own) return false;
        topics[topic] = (Math.Max(own, timeMs - latenessMs), false);
        if (timeMs - latenessMs > own) Move();
        return true;
    }

    /// <summary>Marks a topic as idle, and moves its watermark up to one that it follows.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="watermarkMs">What it follows, read before it was known that nothing waits in the topic; <see cref="long.MinValue"/>: nothing yet.</param>
    public void Follow(int topic, long watermarkMs)
    {
        topics[topic] = (Math.Max(topics[topic].WatermarkMs, watermarkMs), true);
        Move();
    }

    /// <summary>The least watermark of the topics that are not idle; null if all are.</summary>
    public long? LeastAwake()
    {
        long? least = null;
        foreach ((long watermarkMs, bool idle) in topics)
            if (!idle && !(watermarkMs >= least)) least = watermarkMs;
        return least;
    }

    void Move()
    {
        for (int i = 0; i < topics.Length; i++)
            if (topics[i].WatermarkMs < topics[Slowest].WatermarkMs) Slowest = i;
        WatermarkMs = Math.Max(WatermarkMs, topics[Slowest].WatermarkMs);
    }
}
