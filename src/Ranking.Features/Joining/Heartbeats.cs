namespace Ranking.Features.Joining;

/// <summary>
/// When a log in event-time order must say how late it is: once per ten-minute slot that holds an event, before an event that follows
/// a longer silence, and at the end once more, so late that every window closes (streams.md, section 2).
/// </summary>
public sealed class Heartbeats(FeatureRunTimes times)
{
    const long SlotMs = 600_000;
    long lastMs = long.MinValue;
    long slot = long.MinValue;

    /// <summary>The heartbeat that must precede an event; null if none.</summary>
    public long? Before(long eventTimeMs)
    {
        long now = Math.DivRem(eventTimeMs, SlotMs, out _);
        bool silence = lastMs != long.MinValue && eventTimeMs - lastMs > SlotMs;
        lastMs = Math.Max(lastMs, eventTimeMs);
        if (now == slot && !silence) return null;
        slot = now;
        return eventTimeMs;
    }

    /// <summary>The heartbeat that closes every window after the last event; null if there was none.</summary>
    public long? AtEnd() => lastMs == long.MinValue ? null : lastMs + times.ClosingMs;
}

/// <summary>Lengths of time that a run needs to know.</summary>
/// <param name="LabelWindowMs">The longest label window.</param>
/// <param name="LatenessMs">Allowed lateness.</param>
/// <param name="ShortestBucketMs">The shortest bucket: watermarks are published when they cross its boundary.</param>
public sealed record FeatureRunTimes(long LabelWindowMs, long LatenessMs, long ShortestBucketMs)
{
    /// <summary>How far behind the last event a heartbeat must lie to close every window and bring every answer.</summary>
    public long ClosingMs => LabelWindowMs + LatenessMs + ShortestBucketMs + 1;

    /// <summary>The times of a spec.</summary>
    public static FeatureRunTimes Of(Examples.FeaturePlan plan) =>
        new((long)plan.Spec.LabelWindow.TotalMilliseconds, (long)plan.Spec.Lateness.TotalMilliseconds, plan.ShortestBucketMs);
}
