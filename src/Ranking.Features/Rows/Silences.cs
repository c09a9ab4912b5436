namespace Ranking.Features.Rows;

/// <summary>
/// The stretches between an entity's events that are longer than its time to live: after one, what was before it is forgotten. Events
/// may come in any order: which stretches there are depends on their times alone.
/// </summary>
sealed class Silences
{
    readonly List<(long FromMs, long ToMs)> all = []; // each from an event to the next one, ascending
    long firstMs = long.MaxValue, lastMs = long.MinValue;

    /// <summary>The silences, each from an event to the next one.</summary>
    public IReadOnlyList<(long FromMs, long ToMs)> All => all;

    /// <summary>Takes note of an event.</summary>
    /// <returns>Whether there is another silence now.</returns>
    public bool Add(long timeMs, long ttlMs)
    {
        bool another = false;
        if (lastMs == long.MinValue) (firstMs, lastMs) = (timeMs, timeMs);
        else if (timeMs > lastMs)
        {
            if (another = timeMs - lastMs > ttlMs) all.Add((lastMs, timeMs));
            lastMs = timeMs;
        }
        else if (timeMs < firstMs)
        {
            if (another = firstMs - timeMs > ttlMs) all.Insert(0, (timeMs, firstMs));
            firstMs = timeMs;
        }
        else if (all.FindIndex(s => s.FromMs < timeMs && timeMs < s.ToMs) is >= 0 and var i)
        {
            (long fromMs, long toMs) = all[i];
            all.RemoveAt(i);
            if (toMs - timeMs > ttlMs) all.Insert(i, (timeMs, toMs));
            if (timeMs - fromMs > ttlMs) all.Insert(i, (fromMs, timeMs));
            another = true;
        }
        return another;
    }

    /// <summary>The time from which on events count for a cut; <see cref="long.MinValue"/>: all do.</summary>
    public long KeepFrom(long cutMs, long ttlMs)
    {
        if (lastMs != long.MinValue && cutMs - ttlMs > lastMs) return lastMs + 1;
        for (int i = all.Count - 1; i >= 0; i--) if (all[i].FromMs + ttlMs < cutMs) return all[i].FromMs + 1;
        return long.MinValue;
    }

    /// <summary>Forgets silences that began before a time.</summary>
    public void TrimBelow(long timeMs)
    {
        int trimmed = all.FindLastIndex(s => s.FromMs < timeMs) + 1;
        if (trimmed == 0) return;
        firstMs = all[trimmed - 1].ToMs;
        all.RemoveRange(0, trimmed);
    }

    /// <summary>Writes everything, as state keeps it.</summary>
    public void WriteState(PackedWriter writer)
    {
        writer.Int(firstMs);
        writer.Int(lastMs);
        writer.UInt((ulong)all.Count);
        foreach ((long fromMs, long toMs) in all)
        {
            writer.Int(fromMs);
            writer.Int(toMs);
        }
    }

    /// <summary>Reads what <see cref="WriteState"/> wrote.</summary>
    public void ReadState(ref PackedReader reader)
    {
        (firstMs, lastMs) = (reader.Int(), reader.Int());
        for (int n = reader.Count(); n > 0; n--) all.Add((reader.Int(), reader.Int()));
    }
}
