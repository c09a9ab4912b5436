using System.Numerics;

namespace Ranking.Store.Upkeep;

/// <summary>
/// Bytes of <c>used_memory</c> that string keys take in Redis 7 on 64 bits with jemalloc: an entry, the key, an object and the value, each
/// rounded up to a size that the allocator has, and the tables of buckets. A test holds it within 10 % of a server's own count.
/// </summary>
public static class RedisMemory
{
    const int Entry = 32, Object = 16, Embedded = 44; // a value of at most 44 bytes lies in its object

    /// <summary>One key without its place in the table.</summary>
    /// <param name="key">Bytes of the key.</param>
    /// <param name="value">Bytes of the value.</param>
    /// <param name="expires">Whether it has a time to live, which is an entry of its own.</param>
    public static long OfKey(int key, int value, bool expires = false) =>
        Entry + Text(key) + (value <= Embedded ? Allocated(Object + 4 + value) : Object + Text(value)) + (expires ? Entry : 0);

    /// <summary>The table of so many keys; those that expire have a second one.</summary>
    public static long OfTable(long keys) => keys == 0 ? 0 : 8 * (long)BitOperations.RoundUpToPowerOf2((ulong)keys);

    // Header, text, and a zero.
    static long Text(int length) => Allocated(length + (length < 32 ? 2 : length < 256 ? 4 : 6));

    // Multiples of 16 up to 128, then four sizes to each power of two.
    static long Allocated(long bytes)
    {
        long step = bytes <= 128 ? 16 : (long)BitOperations.RoundUpToPowerOf2((ulong)bytes) / 8;
        return (bytes + step - 1) / step * step;
    }
}
