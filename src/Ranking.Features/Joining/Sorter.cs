using Ranking.Features.Events;

namespace Ranking.Features.Joining;

/// <summary>
/// Holds events until no earlier one can come, and releases them in the order (time, kind, identity). Order of arrival and copies end
/// here: everything after it sees the same sequence live, replayed or from files (streams.md, section 2).
/// </summary>
public sealed class Sorter
{
    static readonly Comparer<SourceEvent> Order = Comparer<SourceEvent>.Create((a, b) =>
    {
        int c = SourceEvent.Compare(a, b);
        return c != 0 ? c : a.CompareContent(b); // of one identity the same content wins, whichever arrives first
    });

    readonly PriorityQueue<SourceEvent, SourceEvent> waiting = new(Order);
    SourceEvent? last;

    /// <summary>How many events wait.</summary>
    public int Count => waiting.Count;

    /// <summary>Adds an event.</summary>
    public void Add(SourceEvent sourceEvent) => waiting.Enqueue(sourceEvent, sourceEvent);

    /// <summary>Takes the next event below a watermark.</summary>
    /// <param name="watermarkMs">No event of an earlier time will be added.</param>
    /// <param name="released">The event.</param>
    /// <param name="rejection">Null if it counts; otherwise it repeats the identity of the one released before.</param>
    public bool TryRelease(long watermarkMs, out SourceEvent? released, out Rejection? rejection)
    {
        rejection = null;
        if (!waiting.TryPeek(out released, out _) || released.TimeMs >= watermarkMs) return false;
        waiting.Dequeue();
        if (last is not null && SourceEvent.Compare(last, released) == 0)
            rejection = last.CompareContent(released) == 0 ? Rejection.Copy : Rejection.Conflict;
        else last = released;
        return true;
    }
}

/// <summary>The watermark of a source partition: the least over its topics of the greatest time read, less the allowed lateness.</summary>
public sealed class SourceClock(int topics, long latenessMs)
{
    readonly long[] greatest = Enumerable.Repeat(long.MinValue, topics).ToArray();
    readonly bool[] idle = new bool[topics];

    /// <summary>No event below this time is used any more.</summary>
    public long WatermarkMs { get; private set; } = long.MinValue;

    /// <summary>The topic that holds the watermark back.</summary>
    public int Slowest { get; private set; }

    /// <summary>A topic's own watermark.</summary>
    public long WatermarkOf(int topic) => greatest[topic] == long.MinValue ? long.MinValue : greatest[topic] - latenessMs;

    /// <summary>Takes note of a time that was read from a topic; false if it is below that topic's own watermark: late.</summary>
    public bool Observe(int topic, long timeMs)
    {
        if (timeMs < WatermarkOf(topic)) return false;
        idle[topic] = false;
        if (timeMs > greatest[topic])
        {
            greatest[topic] = timeMs;
            Move();
        }
        return true;
    }

    /// <summary>Marks a topic as idle: it follows the least of those that are not.</summary>
    public void SetIdle(int topic, bool value)
    {
        idle[topic] = value;
        Move();
    }

    void Move()
    {
        long least = long.MaxValue;
        for (int i = 0; i < greatest.Length; i++)
        {
            if (idle[i] || WatermarkOf(i) >= least) continue;
            least = WatermarkOf(i);
            Slowest = i;
        }
        if (least != long.MaxValue && least > WatermarkMs) WatermarkMs = least;
    }
}
