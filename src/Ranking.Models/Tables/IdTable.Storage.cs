using System.Runtime.InteropServices;
using System.Text;

namespace Ranking.Models.Tables;

/// <summary>How a table is written and read.</summary>
public sealed partial class IdTable
{
    const string Magic = "RNKIDTAB";
    const int Format = 1;
    const uint End = 0x444E4521;

    /// <summary>
    /// Writes the table, in an order that depends on the ids alone, and flushes it to the disk: the same table gives the same bytes
    /// however its rows came to be where they are.
    /// </summary>
    public void Save(string path)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        using (BinaryWriter writer = new(file, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Encoding.ASCII.GetBytes(Magic));
            writer.Write(Format);
            writer.Write(Name);
            writer.Write(Seed);
            writer.Write(Settings.Dim);
            writer.Write(Trains);
            writer.Write(nextSweepMs);
            writer.Write(Expired);
            writer.Write(Evicted);
            for (int row = 0; row < 2; row++) writer.Write(MemoryMarshal.AsBytes(special[row]));
            writer.Write(index.Count);
            foreach (int row in InOrder(index))
            {
                WriteEntry(writer, index.Key(row), lastSeenMs[row], counts[row]);
                writer.Write(MemoryMarshal.AsBytes(store[row]));
            }
            writer.Write(pending.Count);
            foreach (int entry in InOrder(pending)) WriteEntry(writer, pending.Key(entry), pendingSeenMs[entry], pendingCounts[entry]);
            writer.Write(End);
        }
        file.Flush(flushToDisk: true);
    }

    /// <summary>Reads a table.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="name">That the table must have.</param>
    /// <param name="settings">Its settings; the row's width must agree with the file.</param>
    /// <param name="trains">Whether to keep Adagrad's sums; the file must then hold them.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of a newer format, or not this table; the message says which file and what.</exception>
    public static IdTable Load(string path, string name, IdTableSettings settings, bool trains)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        using BinaryReader reader = new(file, Encoding.UTF8);
        try
        {
            return Read(reader, file, name, settings, trains);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or DecoderFallbackException)
        {
            throw new InvalidDataException($"{path}: the file ends or breaks before the table does ({e.Message})", e);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    static IdTable Read(BinaryReader reader, FileStream file, string name, IdTableSettings settings, bool trains)
    {
        static void Require(bool holds, string what)
        {
            if (!holds) throw new InvalidDataException(what);
        }

        Require(Encoding.ASCII.GetString(reader.ReadBytes(Magic.Length)) == Magic, "not an ID table");
        int format = reader.ReadInt32();
        Require(format == Format, $"found format {format}, expected {Format}{(format > Format ? "; a newer version of this program wrote it" : "")}");
        string found = reader.ReadString();
        Require(found == name, $"found table '{found}', expected '{name}'");
        ulong seed = reader.ReadUInt64();
        int dim = reader.ReadInt32();
        Require(dim == settings.Dim, $"found rows of {dim} numbers, expected {settings.Dim}");
        bool hasSums = reader.ReadBoolean();
        Require(hasSums || !trains, "the file holds no optimiser state, so this table cannot be trained further");
        IdTable table = new(name, settings, seed, trains)
        {
            nextSweepMs = reader.ReadInt64(),
            Expired = reader.ReadInt64(),
            Evicted = reader.ReadInt64(),
        };
        float[] numbers = new float[dim * (hasSums ? 2 : 1)];
        for (int row = 0; row < 2; row++) ReadNumbers(table.special[row]);
        byte[] buffer = new byte[IdBytes.Most];
        int rows = Count(dim * 4 + 15);
        for (int i = 0; i < rows; i++)
        {
            (int row, long seenMs, uint count) = ReadEntry(table.index);
            Fit(ref table.lastSeenMs, ref table.counts, row);
            (table.lastSeenMs[row], table.counts[row]) = (seenMs, count);
            table.store.Grow(row);
            ReadNumbers(table.store[row]);
        }
        int waiting = Count(15);
        for (int i = 0; i < waiting; i++)
        {
            (int entry, long seenMs, uint count) = ReadEntry(table.pending);
            Fit(ref table.pendingSeenMs, ref table.pendingCounts, entry);
            (table.pendingSeenMs[entry], table.pendingCounts[entry]) = (seenMs, count);
        }
        Require(reader.ReadUInt32() == End && file.Position == file.Length, "the table does not end where the file does");
        return table;

        int Count(int least)
        {
            int count = reader.ReadInt32();
            Require(count >= 0 && (long)count * least <= file.Length - file.Position, $"found a count of {count}, more than the file can hold");
            return count;
        }

        void ReadNumbers(Span<float> to)
        {
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(numbers.AsSpan()));
            Require(!numbers.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue), "found a number that is not finite");
            numbers.AsSpan(0, to.Length).CopyTo(to);
        }

        (int Entry, long SeenMs, uint Count) ReadEntry(IdIndex into)
        {
            int length = reader.ReadUInt16();
            Require(length is > 0 and <= IdBytes.Most, $"found an id of {length} bytes, expected 1 to {IdBytes.Most}");
            Span<byte> key = buffer.AsSpan(0, length);
            reader.BaseStream.ReadExactly(key);
            uint hash = (uint)StableHash.Of(key, table.seed);
            Require(into.Find(key, hash) < 0, $"found the id '{Encoding.UTF8.GetString(key)}' twice");
            return (into.Add(key, hash), reader.ReadInt64(), reader.ReadUInt32());
        }
    }

    static void WriteEntry(BinaryWriter writer, ReadOnlySpan<byte> key, long seenMs, uint count)
    {
        writer.Write((ushort)key.Length);
        writer.Write(key);
        writer.Write(seenMs);
        writer.Write(count);
    }

    /// <summary>The ids that have a row of their own, in the order of the file.</summary>
    public IEnumerable<(string Id, int Row)> Ids() => InOrder(index).Select(row => (Encoding.UTF8.GetString(index.Key(row)), row));

    /// <summary>Entries by hash, equal hashes by the ids.</summary>
    static int[] InOrder(IdIndex of)
    {
        int[] entries = new int[of.Count];
        uint[] hashes = new uint[of.Count];
        int count = 0;
        for (int entry = 0; entry < of.Bound; entry++)
        {
            if (!of.Holds(entry)) continue;
            (entries[count], hashes[count]) = (entry, of.Hash(entry));
            count++;
        }
        Array.Sort(hashes, entries);
        for (int start = 0; start < count;)
        {
            int end = start + 1;
            while (end < count && hashes[end] == hashes[start]) end++;
            if (end - start > 1) entries.AsSpan(start, end - start).Sort((a, b) => of.Key(a).SequenceCompareTo(of.Key(b)));
            start = end;
        }
        return entries;
    }
}
