using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Ranking.Models.Tables;

/// <summary>
/// A dictionary from ids (bytes) to dense entry numbers without an object a key: open addressing over 32-bit hashes, the keys'
/// bytes in large segments. Ids are compared byte by byte, so two ids never share an entry.
/// </summary>
/// <remarks>Memory an entry: 8 bytes, 4 / load (load is 3/8 to 3/4) and the key's bytes + 2. Reading is thread-safe while nothing writes.</remarks>
sealed class IdIndex
{
    const int SegmentBytes = 1 << 20, Empty = -1, Free = -1;
    readonly List<byte[]> segments = [];
    readonly Stack<int> freeEntries = new();
    int[] slots = NewSlots(64);
    uint[] hashes = new uint[16];
    long[] positions = new long[16];
    int used;
    long arenaEnd, wasted;

    /// <summary>Ids that have an entry.</summary>
    public int Count { get; private set; }

    /// <summary>Entry numbers are below this; some of them may be free.</summary>
    public int Bound => used;

    /// <summary>Bytes held.</summary>
    public long Bytes => slots.Length * 4L + hashes.Length * 4L + positions.Length * 8L + segments.Count * (long)SegmentBytes;

    /// <summary>Whether that entry holds an id.</summary>
    public bool Holds(int entry) => positions[entry] != Free;

    /// <summary>The id's bytes of an entry.</summary>
    public ReadOnlySpan<byte> Key(int entry)
    {
        long position = positions[entry];
        ReadOnlySpan<byte> from = segments[(int)(position / SegmentBytes)].AsSpan((int)(position % SegmentBytes));
        return from.Slice(2, BinaryPrimitives.ReadUInt16LittleEndian(from));
    }

    /// <summary>The hash that the entry was added with, its lower 32 bits.</summary>
    public uint Hash(int entry) => hashes[entry];

    /// <summary>The id's entry, or −1.</summary>
    public int Find(ReadOnlySpan<byte> key, uint hash)
    {
        int[] slots = this.slots;
        for (int slot = Home(hash, slots.Length); ; slot = (slot + 1) & (slots.Length - 1))
        {
            int entry = slots[slot];
            if (entry == Empty) return -1;
            if (hashes[entry] == hash && Key(entry).SequenceEqual(key)) return entry;
        }
    }

    /// <summary>Adds an id that is not there; gives its entry.</summary>
    public int Add(ReadOnlySpan<byte> key, uint hash)
    {
        if ((Count + 1) * 4L > slots.Length * 3L) Rehash(slots.Length * 2);
        if (!freeEntries.TryPop(out int entry))
        {
            entry = used++;
            if (entry == hashes.Length)
            {
                // By half as much again: doubling would leave a third of the memory unused on average.
                int size = checked(entry + (entry >> 1) + 16);
                Array.Resize(ref hashes, size);
                Array.Resize(ref positions, size);
            }
        }
        hashes[entry] = hash;
        positions[entry] = Append(key);
        Insert(entry);
        Count++;
        return entry;
    }

    /// <summary>Frees an entry; its number is given to a later id.</summary>
    public void Remove(int entry)
    {
        int mask = slots.Length - 1, hole = Home(hashes[entry], slots.Length);
        while (slots[hole] != entry) hole = (hole + 1) & mask;
        // Move later members of the run into the hole, so that no search stops early.
        for (int next = (hole + 1) & mask; slots[next] != Empty; next = (next + 1) & mask)
        {
            int home = Home(hashes[slots[next]], slots.Length);
            if (((next - home) & mask) < ((next - hole) & mask)) continue;
            slots[hole] = slots[next];
            hole = next;
        }
        slots[hole] = Empty;
        wasted += Key(entry).Length + 2;
        positions[entry] = Free;
        freeEntries.Push(entry);
        Count--;
        if (wasted > SegmentBytes && wasted * 2 > arenaEnd) Compact();
    }

    void Insert(int entry)
    {
        int slot = Home(hashes[entry], slots.Length);
        while (slots[slot] != Empty) slot = (slot + 1) & (slots.Length - 1);
        slots[slot] = entry;
    }

    void Rehash(int size)
    {
        slots = NewSlots(size);
        for (int entry = 0; entry < used; entry++)
            if (positions[entry] != Free) Insert(entry);
    }

    long Append(ReadOnlySpan<byte> key)
    {
        int room = SegmentBytes - (int)(arenaEnd % SegmentBytes);
        if (room < key.Length + 2) arenaEnd += room; // A key never crosses segments.
        int segment = (int)(arenaEnd / SegmentBytes);
        if (segment == segments.Count) segments.Add(GC.AllocateUninitializedArray<byte>(SegmentBytes));
        Span<byte> to = segments[segment].AsSpan((int)(arenaEnd % SegmentBytes));
        BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)key.Length);
        key.CopyTo(to[2..]);
        long position = arenaEnd;
        arenaEnd += key.Length + 2;
        return position;
    }

    void Compact()
    {
        byte[][] old = [.. segments];
        segments.Clear();
        arenaEnd = wasted = 0;
        for (int entry = 0; entry < used; entry++)
        {
            if (positions[entry] == Free) continue;
            ReadOnlySpan<byte> from = old[(int)(positions[entry] / SegmentBytes)].AsSpan((int)(positions[entry] % SegmentBytes));
            positions[entry] = Append(from.Slice(2, BinaryPrimitives.ReadUInt16LittleEndian(from)));
        }
    }

    static int[] NewSlots(int size)
    {
        int[] slots = GC.AllocateUninitializedArray<int>(size);
        Array.Fill(slots, Empty);
        return slots;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Home(uint hash, int size) => (int)(hash & (uint)(size - 1));
}
