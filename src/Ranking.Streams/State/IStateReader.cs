namespace Ranking.Streams.State;

/// <summary>The committed bytes of a task's state.</summary>
interface IStateReader
{
    /// <summary>The value of a key; null if there is none.</summary>
    byte[]? Get(byte[] key);

    /// <summary>Every key of rooms [from, to) with its value, in the order of the keys' bytes.</summary>
    IEnumerable<StateChange> Rooms(byte from, byte to);
}
