namespace Ranking.Models.Tables;

/// <summary>Which entries of an index were added or changed, and which ids went, since a moment.</summary>
sealed class EntryChanges
{
    readonly List<byte[]> removed = [];
    readonly List<int> changed = [];
    ulong[] bits = [];

    /// <summary>Entries that were added or changed; some may hold another id by now, or none.</summary>
    public IReadOnlyList<int> Changed => changed;

    /// <summary>Ids that went; some may have come back.</summary>
    public IReadOnlyList<byte[]> Removed => removed;

    public void Change(int entry)
    {
        if (entry >> 6 >= bits.Length) Array.Resize(ref bits, Math.Max((entry >> 6) + 1, bits.Length * 2));
        ulong bit = 1UL << (entry & 63);
        if ((bits[entry >> 6] & bit) != 0) return;
        bits[entry >> 6] |= bit;
        changed.Add(entry);
    }

    public void Remove(ReadOnlySpan<byte> key) => removed.Add(key.ToArray());

    public void Clear()
    {
        foreach (int entry in changed) bits[entry >> 6] = 0;
        changed.Clear();
        removed.Clear();
    }
}
