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
            WriteHeader(writer);
            WriteState(writer);
            writer.Write(index.Count);
            foreach (int row in InOrder(index))
            {
                WriteEntry(writer, index, row);
                writer.Write(MemoryMarshal.AsBytes(store[row]));
            }
            writer.Write(pending.Count);
            foreach (int entry in InOrder(pending)) WriteEntry(writer, pending, entry);
            writer.Write(End);
        }
        file.Flush(flushToDisk: true);
    }

    /// <summary>Reads a table, and the changes that lie beside it (<see cref="SaveChanges"/>).</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="name">That the table must have.</param>
    /// <param name="settings">Its settings; the row's width must agree with the file.</param>
    /// <param name="trains">Whether to keep Adagrad's sums; the file must then hold them.</param>
    /// <exception cref="InvalidDataException">The file is damaged, of a newer format, or not this table; the message says which file and what.</exception>
    public static IdTable Load(string path, string name, IdTableSettings settings, bool trains)
    {
        IdTable table = null!;
        Open(path, (stored, file) => table = Read(stored, file, name, settings, trains));
        for (int number = 1; File.Exists(ChangesFile(path, number)); number++) Open(ChangesFile(path, number), (stored, file) => table.ReadChanges(stored, file, number));
        return table;
    }

    static void Open(string path, Action<StoredEntries, FileStream> read)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        using BinaryReader reader = new(file, Encoding.UTF8);
        try
        {
            read(new StoredEntries(reader, file.Length), file);
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

    static IdTable Read(StoredEntries stored, FileStream file, string name, IdTableSettings settings, bool trains)
    {
        BinaryReader reader = stored.Reader;
        StoredEntries.Require(Encoding.ASCII.GetString(reader.ReadBytes(Magic.Length)) == Magic, "not an ID table");
        (ulong seed, bool hasSums) = ReadHeader(reader, name, settings.Dim);
        StoredEntries.Require(hasSums || !trains, "the file holds no optimiser state, so this table cannot be trained further");
        IdTable table = new(name, settings, seed, trains);
        float[] numbers = table.ReadState(stored, hasSums);
        int rows = stored.Count(settings.Dim * 4 + 15);
        for (int i = 0; i < rows; i++)
        {
            ReadOnlySpan<byte> key = stored.Key();
            uint hash = (uint)StableHash.Of(key, table.seed);
            StoredEntries.Require(table.index.Find(key, hash) < 0, $"found the id '{Encoding.UTF8.GetString(key)}' twice");
            table.ReadRow(stored, table.index.Add(key, hash), numbers);
        }
        int waiting = stored.Count(15);
        for (int i = 0; i < waiting; i++)
        {
            ReadOnlySpan<byte> key = stored.Key();
            uint hash = (uint)StableHash.Of(key, table.seed);
            StoredEntries.Require(table.pending.Find(key, hash) < 0, $"found the waiting id '{Encoding.UTF8.GetString(key)}' twice");
            table.ReadWaiting(stored, table.pending.Add(key, hash));
        }
        StoredEntries.Require(reader.ReadUInt32() == End && file.Position == file.Length, "the table does not end where the file does");
        return table;
    }

    static (ulong Seed, bool HasSums) ReadHeader(BinaryReader reader, string name, int dim)
    {
        int format = reader.ReadInt32();
        StoredEntries.Require(format == Format, $"found format {format}, expected {Format}{(format > Format ? "; a newer version of this program wrote it" : "")}");
        string found = reader.ReadString();
        StoredEntries.Require(found == name, $"found table '{found}', expected '{name}'");
        ulong seed = reader.ReadUInt64();
        int width = reader.ReadInt32();
        StoredEntries.Require(width == dim, $"found rows of {width} numbers, expected {dim}");
        return (seed, reader.ReadBoolean());
    }

    float[] ReadState(StoredEntries stored, bool hasSums)
    {
        (nextSweepMs, Expired, Evicted) = (stored.Reader.ReadInt64(), stored.Reader.ReadInt64(), stored.Reader.ReadInt64());
        float[] numbers = new float[Settings.Dim * (hasSums ? 2 : 1)];
        for (int row = 0; row < 2; row++) stored.Numbers(numbers, special[row]);
        return numbers;
    }

    void ReadRow(StoredEntries stored, int row, float[] numbers)
    {
        (index[row].SeenMs, index[row].Count) = (stored.Reader.ReadInt64(), stored.Reader.ReadUInt32());
        store.Grow(row);
        stored.Numbers(numbers, store[row]);
    }

    void ReadWaiting(StoredEntries stored, int entry) => (pending[entry].SeenMs, pending[entry].Count) = (stored.Reader.ReadInt64(), stored.Reader.ReadUInt32());

    void WriteHeader(BinaryWriter writer)
    {
        writer.Write(Format);
        writer.Write(Name);
        writer.Write(Seed);
        writer.Write(Settings.Dim);
        writer.Write(Trains);
    }

    void WriteState(BinaryWriter writer)
    {
        writer.Write(nextSweepMs);
        writer.Write(Expired);
        writer.Write(Evicted);
        for (int row = 0; row < 2; row++) writer.Write(MemoryMarshal.AsBytes(special[row]));
    }

    static void WriteEntry(BinaryWriter writer, IdIndex from, int entry)
    {
        ReadOnlySpan<byte> key = from.Key(entry);
        writer.Write((ushort)key.Length);
        writer.Write(key);
        writer.Write(from[entry].SeenMs);
        writer.Write(from[entry].Count);
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
            (entries[count], hashes[count]) = (entry, of[entry].Hash);
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
