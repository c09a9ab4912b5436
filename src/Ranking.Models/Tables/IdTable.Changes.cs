using System.Runtime.InteropServices;
using System.Text;

namespace Ranking.Models.Tables;

/// <summary>What changed since a table was last written: files beside the whole one, read after it in their order.</summary>
public sealed partial class IdTable
{
    const string ChangesMagic = "RNKIDCHG";
    EntryChanges? rowChanges, pendingChanges;

    /// <summary>The name of a file of changes: the n-th after the whole table.</summary>
    public static string ChangesFile(string path, int number) => $"{path}.{number}";

    /// <summary>The present state lies on the disk: from now on it is known what changes.</summary>
    public void MarkSaved()
    {
        (rowChanges ??= new EntryChanges()).Clear();
        (pendingChanges ??= new EntryChanges()).Clear();
    }

    /// <summary>Bytes that <see cref="SaveChanges"/> would write; null where it is not known what changed.</summary>
    public long? ChangesBytes => rowChanges is { } rows && pendingChanges is { } waiting
        ? rows.Changed.Count * (store.Stride * 4L + 30) + (rows.Removed.Count + waiting.Removed.Count + waiting.Changed.Count) * 30L : null;

    /// <summary>Bytes that <see cref="Save"/> would write, ids taken for 16 bytes long.</summary>
    public long SaveBytes => Count * (store.Stride * 4L + 30) + PendingCount * 30L;

    /// <summary>Writes what changed since <see cref="MarkSaved"/>: rows seen, admitted or gone, and flushes it to the disk.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="number">Which one it is after the whole table, from 1.</param>
    public void SaveChanges(string path, int number)
    {
        if (rowChanges is null || pendingChanges is null) throw new InvalidOperationException($"what changed in table '{Name}' is not known: it was not marked as saved");
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        using (BinaryWriter writer = new(file, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Encoding.ASCII.GetBytes(ChangesMagic));
            writer.Write(number);
            WriteHeader(writer);
            WriteState(writer);
            WriteRemoved(rowChanges);
            int[] rows = [.. rowChanges.Changed.Where(index.Holds)];
            writer.Write(rows.Length);
            foreach (int row in rows)
            {
                WriteEntry(writer, index, row);
                writer.Write(MemoryMarshal.AsBytes(store[row]));
            }
            WriteRemoved(pendingChanges);
            int[] entries = [.. pendingChanges.Changed.Where(pending.Holds)];
            writer.Write(entries.Length);
            foreach (int entry in entries) WriteEntry(writer, pending, entry);
            writer.Write(End);

            void WriteRemoved(EntryChanges changes)
            {
                writer.Write(changes.Removed.Count);
                foreach (byte[] key in changes.Removed)
                {
                    writer.Write((ushort)key.Length);
                    writer.Write(key);
                }
            }
        }
        file.Flush(flushToDisk: true);
    }

    void ReadChanges(StoredEntries stored, FileStream file, int number)
    {
        BinaryReader reader = stored.Reader;
        StoredEntries.Require(Encoding.ASCII.GetString(reader.ReadBytes(ChangesMagic.Length)) == ChangesMagic, "not the changes of an ID table");
        int found = reader.ReadInt32();
        StoredEntries.Require(found == number, $"found the changes of number {found}, expected {number}");
        (ulong foundSeed, bool hasSums) = ReadHeader(reader, Name, Settings.Dim);
        StoredEntries.Require(foundSeed == Seed && (hasSums || !Trains), "found the changes of another table");
        float[] numbers = ReadState(stored, hasSums);
        // What went goes first: an id that came back is among the changed ones.
        ReadRemoved(index);
        for (int i = stored.Count(Settings.Dim * 4 + 15); i > 0; i--) ReadRow(stored, EntryOf(index), numbers);
        ReadRemoved(pending);
        for (int i = stored.Count(15); i > 0; i--) ReadWaiting(stored, EntryOf(pending));
        StoredEntries.Require(reader.ReadUInt32() == End && file.Position == file.Length, "the changes do not end where the file does");

        void ReadRemoved(IdIndex from)
        {
            for (int i = stored.Count(3); i > 0; i--)
            {
                ReadOnlySpan<byte> key = stored.Key();
                if (from.Find(key, (uint)StableHash.Of(key, seed)) is var entry and >= 0) from.Remove(entry);
            }
        }

        int EntryOf(IdIndex of)
        {
            ReadOnlySpan<byte> key = stored.Key();
            uint hash = (uint)StableHash.Of(key, seed);
            return of.Find(key, hash) is var entry and >= 0 ? entry : of.Add(key, hash);
        }
    }

    void RemoveRow(int row)
    {
        rowChanges?.Remove(index.Key(row));
        index.Remove(row);
        removals++;
    }

    void RemoveWaiting(int entry)
    {
        pendingChanges?.Remove(pending.Key(entry));
        pending.Remove(entry);
    }
}
