using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Text;
using Ranking.Mbat;

namespace Ranking.Store.Vectors;

/// <summary>
/// One state of a file of vectors, kept open while somebody searches it, with the rows that each comparison of recent filters leaves:
/// a bit a row, found by one walk over the attributes.
/// </summary>
sealed class VectorSnapshot(VectorIndex index)
{
    const int MostKept = 256; // of a million rows, 32 MB

    readonly ConcurrentDictionary<string, ulong[]> _kept = new(StringComparer.Ordinal);
    int _holders = 1; // its owner's

    public VectorIndex Index => index;

    /// <summary>Begins to use it; false if it is closed.</summary>
    public bool TryEnter()
    {
        int now = Volatile.Read(ref _holders);
        while (now > 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, now + 1, now);
            if (seen == now) return true;
            now = seen;
        }
        return false;
    }

    /// <summary>Ends using it; the last one closes it.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _holders) == 0) index.Dispose();
    }

    /// <summary>The rows that meet a filter; null for all.</summary>
    public Func<int, bool>? Accept(VectorFilter? filter)
    {
        if (filter is null) return null;
        ulong[] all = (ulong[])RowsOf(filter.Parts[0]).Clone();
        foreach (FilterPart part in filter.Parts.Skip(1)) TensorPrimitives.BitwiseAnd<ulong>(all, RowsOf(part), all);
        return row => (all[row >> 6] >> (row & 63) & 1) != 0;
    }

    ulong[] RowsOf(FilterPart part)
    {
        if (_kept.TryGetValue(part.ServerExpression, out ulong[]? rows)) return rows;
        rows = part switch
        {
            TagPart tags => Having(tags),
            NumberPart number => Having(number),
            _ => throw new InvalidOperationException($"{part.GetType().Name} is no comparison that is known here"),
        };
        if (_kept.Count >= MostKept) _kept.Clear();
        return _kept[part.ServerExpression] = rows;
    }

    // Tags and names of numbers are ASCII without quotes (DocumentAttributes), so that what is sought cannot stand inside another.
    ulong[] Having(TagPart part)
    {
        byte[][] tags = [.. part.Quoted.Select(Encoding.UTF8.GetBytes)];
        ulong[] rows = new ulong[(index.Count + 63) / 64];
        for (int row = 0; row < index.Count; row++)
        {
            ReadOnlySpan<byte> attributes = index.Payload(row);
            bool has = false;
            foreach (byte[] tag in tags) has |= attributes.IndexOf(tag) >= 0;
            if (has != part.Negated) rows[row >> 6] |= 1UL << (row & 63);
        }
        return rows;
    }

    ulong[] Having(NumberPart part)
    {
        byte[] name = Encoding.UTF8.GetBytes($"\"{part.Name}\":");
        ulong[] rows = new ulong[(index.Count + 63) / 64];
        for (int row = 0; row < index.Count; row++)
        {
            ReadOnlySpan<byte> attributes = index.Payload(row);
            int at = attributes.IndexOf(name);
            if (at >= 0 && Utf8Parser.TryParse(attributes[(at + name.Length)..], out double number, out _) && part.Holds(number)) rows[row >> 6] |= 1UL << (row & 63);
        }
        return rows;
    }
}
