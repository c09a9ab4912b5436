namespace Ranking.Store.Sink;

/// <summary>What a sink knows of one hash tag.</summary>
sealed class TagState
{
    /// <summary>The offset key's value as this sink wrote or last saw it; null for none.</summary>
    public string? Written { get; set; }

    /// <summary>Every change of the tag up to this offset is in Redis; −1 for none.</summary>
    public long Applied { get; set; } = -1;

    /// <summary>Greatest event time of the partition's records up to <see cref="Applied"/>, milliseconds, for sinks that mind it.</summary>
    public long GreatestMs { get; set; } = long.MinValue;

    /// <summary>When <see cref="Written"/> was written, by the clock of whoever wrote it.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>Nothing was asked of Redis yet.</summary>
    public bool Fresh { get; set; } = true;

    /// <summary>What a write whose answer never came would have left; Redis must be asked. Null if there is none.</summary>
    public string? Sent { get; set; }

    /// <summary>
    /// Another sink's unfinished reading from the beginning was adopted: keys that the log no longer has may be left, so this sink
    /// begins again once it is alone.
    /// </summary>
    public bool Unswept { get; set; }

    /// <summary>While the tag is read from the beginning: hashes of the ids that the log has; others are deleted at its end.</summary>
    public HashSet<ulong>? Seen { get; set; }

    /// <summary>Where the reading from the beginning has come to its end.</summary>
    public long SweepAt { get; set; }
}
