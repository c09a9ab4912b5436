using System.Buffers.Binary;
using System.Text;

namespace Ranking.Features.Partitioning;

/// <summary>The murmur2 hash of Kafka's Java clients, by which everything about an id finds its partition.</summary>
/// <remarks>Source: <c>org.apache.kafka.common.utils.Utils.murmur2</c>, seed 0x9747b28c; librdkafka calls it <c>murmur2_random</c>.</remarks>
public static class Murmur2
{
    const uint M = 0x5bd1e995;

    /// <summary>The 32-bit hash of <paramref name="data"/>.</summary>
    public static uint Hash(ReadOnlySpan<byte> data)
    {
        uint h = 0x9747b28c ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            uint k = BinaryPrimitives.ReadUInt32LittleEndian(data) * M;
            h = h * M ^ (k ^ k >> 24) * M;
            data = data[4..];
        }
        if (data.Length == 3) h ^= (uint)data[2] << 16;
        if (data.Length >= 2) h ^= (uint)data[1] << 8;
        if (data.Length >= 1) h = (h ^ data[0]) * M;
        h = (h ^ h >> 13) * M;
        return h ^ h >> 15;
    }

    /// <summary>The partition of an id among <paramref name="partitions"/>, as a Java producer that uses the id as key chooses it.</summary>
    public static int Partition(ReadOnlySpan<byte> id, int partitions) => (int)((Hash(id) & 0x7fffffff) % (uint)partitions);

    /// <inheritdoc cref="Partition(ReadOnlySpan{byte}, int)"/>
    public static int Partition(string id, int partitions)
    {
        Span<byte> utf8 = stackalloc byte[Math.Min(id.Length, Ids.MaxBytes) * 3]; // as long as it can be: what the stack gives is cleared first
        return Partition(utf8[..Encoding.UTF8.GetBytes(id, utf8)], partitions);
    }
}
