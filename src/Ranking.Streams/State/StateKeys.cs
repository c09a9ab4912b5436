using System.Buffers.Binary;
using System.Text;

namespace Ranking.Streams.State;

/// <summary>Keys of a task's state in its changelog and in RocksDB: a byte that names the room, then the number or id.</summary>
static class StateKeys
{
    /// <summary>Number of the format of keys and values: another is refused, a RocksDB of another is rebuilt.</summary>
    public const byte Format = 2;

    public const byte Marks = 0, Sorting = 1, Waiting = 2, Questions = 3, Served = 4, Erased = 5;

    /// <summary>First room of entities; the owner's index is added.</summary>
    public const byte Entities = 16;

    /// <summary>The one key of the room of marks.</summary>
    public static readonly byte[] OfMarks = [Marks];

    /// <summary>A key that sorts by its number.</summary>
    public static byte[] Of(byte room, long number)
    {
        byte[] key = new byte[9];
        key[0] = room;
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(1), number);
        return key;
    }

    public static byte[] Of(byte room, string id)
    {
        byte[] key = new byte[1 + Encoding.UTF8.GetByteCount(id)];
        key[0] = room;
        Encoding.UTF8.GetBytes(id, key.AsSpan(1));
        return key;
    }

    public static long Number(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key[1..]);

    public static string Id(ReadOnlySpan<byte> key) => Encoding.UTF8.GetString(key[1..]);
}
