namespace Ranking.Features.Rows;

/// <summary>A user's latest events of one kind, oldest first: as many as a cut needs, and all after it.</summary>
public sealed class RecentEvents
{
    readonly List<(long TimeMs, string Id)> events = [];

    /// <summary>How many are kept.</summary>
    public int Count => events.Count;

    /// <summary>The i-th, oldest first.</summary>
    public (long TimeMs, string Id) this[int i] => events[i];

    /// <summary>Appends an event, not earlier than the last one, and forgets what no cut at or after it less the delay can need.</summary>
    public void Add(long timeMs, string id, int length, long delayMs)
    {
        events.Add((timeMs, id));
        int before = 0;
        while (before < events.Count && events[before].TimeMs < timeMs - delayMs) before++;
        if (before > length) events.RemoveRange(0, before - length);
    }

    /// <summary>Appends an event that a row holds.</summary>
    internal void Restore(long timeMs, string id) => events.Add((timeMs, id));

    /// <inheritdoc cref="IEntityView.Recent"/>
    public string[] Before(int length, long cutMs)
    {
        var found = new List<string>(Math.Min(length, events.Count));
        for (int i = events.Count - 1; i >= 0 && found.Count < length; i--)
            if (events[i].TimeMs < cutMs) found.Add(events[i].Id);
        return [.. found];
    }

    /// <inheritdoc cref="IEntityView.LastBefore"/>
    public long? LastBefore(long cutMs)
    {
        for (int i = events.Count - 1; i >= 0; i--) if (events[i].TimeMs < cutMs) return events[i].TimeMs;
        return null;
    }
}
