namespace Ranking.Streams.State;

/// <summary>
/// What a member's entities may take in memory; the others are read again from RocksDB. After a commit those that were not used for
/// longest go, of all rooms in turn.
/// </summary>
/// <param name="limitBytes">The limit, by an estimate of what an entity's objects take.</param>
sealed class StateMemory(long limitBytes)
{
    readonly List<EntityRoom> rooms = [];

    /// <summary>What entities take now, estimated.</summary>
    public long Bytes { get; private set; }

    /// <summary>What an entity takes whose stored form has a length: its objects are that much looser.</summary>
    public static int Estimate(int storedBytes) => 500 + 8 * storedBytes;

    /// <summary>A room that takes part.</summary>
    public void Add(EntityRoom room) => rooms.Add(room);

    /// <summary>A room that is gone.</summary>
    public void Remove(EntityRoom room)
    {
        if (rooms.Remove(room)) Bytes -= room.Bytes;
    }

    /// <summary>An entity takes more, or less.</summary>
    public void Changes(long bytes) => Bytes += bytes;

    /// <summary>Whether there is too much; then rooms let go of what they can find again.</summary>
    public bool IsOver => Bytes > limitBytes;

    /// <summary>Makes room. Everything that changed must be in RocksDB.</summary>
    public void Trim()
    {
        // Twice: the first round may find everything used since the last one.
        for (int round = 0; round < 2; round++) foreach (EntityRoom room in rooms) room.Trim();
    }
}
