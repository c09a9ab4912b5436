using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Ranking.Models.Tables;

/// <summary>
/// Many ids at once. In a large table each id waits for main memory at its slot, entry, key and row; asking for those of a block of ids before
/// reading any lets them wait together.
/// </summary>
public sealed partial class IdTable
{
    const int Block = 32;

    /// <summary><see cref="Find(string)"/> of each id.</summary>
    [SkipLocalsInit]
    public void Find(ReadOnlySpan<string> ids, Span<int> rows)
    {
        Span<byte> buffer = stackalloc byte[Block * IdBytes.Most];
        Span<(ulong Hash, int Length)> keys = stackalloc (ulong, int)[Block];
        for (int start = 0; start < ids.Length; start += Block)
        {
            int count = Math.Min(Block, ids.Length - start);
            Ask(ids.Slice(start, count), buffer, keys);
            for (int i = 0; i < count; i++)
                rows[start + i] = index.Find(buffer.Slice(i * IdBytes.Most, keys[i].Length), (uint)keys[i].Hash) is var row and >= 0 ? row : Shared;
        }
    }

    /// <summary><see cref="Resolve(string, long)"/> and <see cref="Touch"/> of each id, in their order.</summary>
    [SkipLocalsInit]
    public void Resolve(ReadOnlySpan<string> ids, ReadOnlySpan<long> timesMs, Span<int> rows)
    {
        Span<byte> buffer = stackalloc byte[Block * IdBytes.Most];
        Span<(ulong Hash, int Length)> keys = stackalloc (ulong, int)[Block];
        for (int start = 0; start < ids.Length; start += Block)
        {
            int count = Math.Min(Block, ids.Length - start);
            Ask(ids.Slice(start, count), buffer, keys);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> key = buffer.Slice(i * IdBytes.Most, keys[i].Length);
                batch.SlotOf(rows[start + i] = Resolve(key, keys[i].Hash, index.Find(key, (uint)keys[i].Hash), timesMs[start + i]));
            }
        }
    }

    /// <summary>
    /// The means of bags of rows: bag b is rows [ends[b − 1], ends[b]), its mean goes to <paramref name="pooled"/> at b · <paramref name="stride"/>; an empty
    /// one becomes what stands for a missing value.
    /// </summary>
    public void Pool(ReadOnlySpan<int> rows, ReadOnlySpan<int> ends, Span<float> pooled, int stride)
    {
        int start = 0, dim = Settings.Dim;
        for (int b = 0; b < ends.Length; b++)
        {
            Span<float> mean = pooled.Slice(b * stride, dim);
            int end = ends[b];
            for (int i = start + RowsAhead; i < Math.Min(end + RowsAhead, rows.Length); i++)
                if (rows[i] >= 0) store.Prefetch(rows[i], dim);
            if (start == end && Settings.Missing == MissingValue.Learned) Row(Missing).CopyTo(mean);
            else if (start == end) mean.Clear();
            else
            {
                Row(rows[start]).CopyTo(mean);
                foreach (int row in rows[(start + 1)..end]) TensorPrimitives.Add(mean, Row(row), mean);
                if (end - start > 1) TensorPrimitives.Multiply(mean, 1f / (end - start), mean);
            }
            start = end;
        }
    }

    void Ask(ReadOnlySpan<string> ids, Span<byte> buffer, Span<(ulong Hash, int Length)> keys)
    {
        Span<int> entries = stackalloc int[Block];
        for (int i = 0; i < ids.Length; i++)
        {
            ReadOnlySpan<byte> key = IdBytes.Of(ids[i], buffer.Slice(i * IdBytes.Most, IdBytes.Most), Name);
            keys[i] = (StableHash.Of(key, seed), key.Length);
            index.PrefetchSlot((uint)keys[i].Hash);
        }
        for (int i = 0; i < ids.Length; i++) entries[i] = index.PrefetchEntry((uint)keys[i].Hash);
        for (int i = 0; i < ids.Length; i++)
        {
            if (entries[i] < 0) continue;
            index.PrefetchKey(entries[i]);
            store.Prefetch(entries[i], Settings.Dim);
        }
    }
}
