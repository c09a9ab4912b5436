namespace Ranking.Models.Tables;

/// <summary>Which ids get a row and which rows go: admission, TTL, budget.</summary>
public sealed partial class IdTable
{
    bool IsExpired(long seenMs, long nowMs) => Settings.Ttl is { } ttl && nowMs - seenMs > (long)ttl.TotalMilliseconds;

    /// <summary>Counts a sight of an id without a row; whether it is due for one.</summary>
    bool IsDue(ReadOnlySpan<byte> key, uint hash, long timeMs)
    {
        int entry = pending.Find(key, hash);
        if (entry >= 0 && IsExpired(pending[entry].SeenMs, timeMs)) pending[entry].Count = 0;
        if (entry < 0)
        {
            if (pending.Count >= Settings.MaxRows) Evict(pending, RemoveWaiting, Settings.MaxRows / 2 + 1, null);
            entry = pending.Add(key, hash);
            pending[entry].SeenMs = timeMs;
        }
        ref IdEntry waiting = ref pending[entry];
        waiting.SeenMs = Math.Max(waiting.SeenMs, timeMs);
        pendingChanges?.Change(entry);
        if (++waiting.Count < Settings.Admission) return false;
        RemoveWaiting(entry);
        return true;
    }

    int Evict(IdIndex from, Action<int> remove, int wanted, RowGradients? held)
    {
        List<(ulong First, ulong Second, uint Hash, int Entry)> all = [];
        for (int entry = 0; entry < from.Bound; entry++)
        {
            if (!from.Holds(entry) || held?.Holds(entry) == true) continue;
            IdEntry known = from[entry];
            ulong time = (ulong)(known.SeenMs - long.MinValue);
            all.Add(Settings.Eviction == RowEviction.Lru ? (time, known.Count, known.Hash, entry) : (known.Count, time, known.Hash, entry));
        }
        // Equal hashes: by the ids themselves, so that entry numbers decide nothing.
        all.Sort((a, b) => (a.First, a.Second, a.Hash).CompareTo((b.First, b.Second, b.Hash)) is var order and not 0 ? order : from.Key(a.Entry).SequenceCompareTo(from.Key(b.Entry)));
        int gone = Math.Min(wanted, all.Count);
        for (int i = 0; i < gone; i++) remove(all[i].Entry);
        return gone;
    }

    void Sweep(long nowMs)
    {
        for (int row = 0; row < index.Bound; row++)
        {
            if (!index.Holds(row) || !IsExpired(index[row].SeenMs, nowMs)) continue;
            RemoveRow(row);
            Expired++;
        }
        for (int entry = 0; entry < pending.Bound; entry++)
            if (pending.Holds(entry) && IsExpired(pending[entry].SeenMs, nowMs)) RemoveWaiting(entry);
    }
}
