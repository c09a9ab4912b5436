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

    /// <summary>Forgets what was before a time.</summary>
    public void ForgetBefore(long timeMs) => events.RemoveAll(e => e.TimeMs < timeMs);

    /// <inheritdoc cref="IEntityView.Recent"/>
    public string[] Before(int length, long cutMs, long keepFromMs = long.MinValue)
    {
        var found = new List<string>(Math.Min(length, events.Count));
        for (int i = events.Count - 1; i >= 0 && found.Count < length && events[i].TimeMs >= keepFromMs; i--)
            if (events[i].TimeMs < cutMs) found.Add(events[i].Id);
        return [.. found];
    }

    /// <inheritdoc cref="IEntityView.LastBefore"/>
    public long? LastBefore(long cutMs, long keepFromMs = long.MinValue)
    {
        for (int i = events.Count - 1; i >= 0 && events[i].TimeMs >= keepFromMs; i--) if (events[i].TimeMs < cutMs) return events[i].TimeMs;
        return null;
    }
}
