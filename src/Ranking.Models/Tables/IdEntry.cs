namespace Ranking.Models.Tables;

/// <summary>What an index knows of an id: beside each other, since a lookup reads all of it and main memory comes in lines of 64 bytes.</summary>
struct IdEntry
{
    /// <summary>Where the id's bytes are; negative where the entry is free.</summary>
    public long Position;

    /// <summary>Event time of the latest sight.</summary>
    public long SeenMs;

    /// <summary>Sights.</summary>
    public uint Count;

    /// <summary>The hash that it was added with, its lower 32 bits.</summary>
    public uint Hash;
}
