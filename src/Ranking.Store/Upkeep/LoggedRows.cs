using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Confluent.Kafka;
using Ranking.Store.Rows;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Store.Upkeep;

/// <summary>
/// The rows that the topic <c>rows</c> ends with: what Redis should hold. The topic is read twice, first to find each key's last record,
/// so that memory holds 24 bytes a key and not the rows.
/// </summary>
/// <param name="kafka">Where the topic is.</param>
/// <param name="partitions">Its partitions.</param>
public sealed class LoggedRows(KafkaSettings kafka, int partitions)
{
    static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(200);

    /// <summary>Each row once, as of the topic's ends when they are reached; rows that were deleted do not come.</summary>
    /// <exception cref="ConsumeException">The broker failed.</exception>
    /// <exception cref="MessageFormatException">A record is no row.</exception>
    public async IAsyncEnumerable<(EntityKey Key, byte[] Value)> ReadAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        Dictionary<UInt128, long> last = [];
        foreach (ConsumeResult<byte[], byte[]?> read in Records(cancellation))
        {
            if (read.Message.Value is null) last.Remove(Hash(read.Message.Key));
            else last[Hash(read.Message.Key)] = read.Offset.Value; // A key lies in one partition, so its offsets ascend.
        }
        await Task.Yield();
        foreach (ConsumeResult<byte[], byte[]?> read in Records(cancellation))
        {
            if (read.Message.Value is not { } value || !last.TryGetValue(Hash(read.Message.Key), out long offset) || offset != read.Offset.Value) continue;
            (string kind, string id) = RowMessages.ReadKey(read.Message.Key);
            yield return (new EntityKey(kind, id), RowMessages.Decode(value));
        }
    }

    IEnumerable<ConsumeResult<byte[], byte[]?>> Records(CancellationToken cancellation)
    {
        using TopicReader reader = new(kafka, "verify", [TopicNames.Rows], partitions);
        while (!reader.CaughtUp)
        {
            cancellation.ThrowIfCancellationRequested();
            if (reader.Read(Wait) is { } read) yield return read;
        }
    }

    static UInt128 Hash(byte[] key) => XxHash128.HashToUInt128(key);
}
