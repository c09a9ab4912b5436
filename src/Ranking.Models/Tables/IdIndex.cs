using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Ranking.Models.Tables;

/// <summary>
/// A dictionary from ids (bytes) to dense entry numbers without an object a key: open addressing over slots of a hash and an entry, the keys'
/// bytes in large segments. Ids are compared byte by byte, so two ids never share an entry.
/// </summary>
/// <remarks>
/// Memory an id: an entry of 24 bytes, 8 / load (load is 3/8 to 3/4) and the key's bytes + 2. A lookup in a large index waits for main
/// memory three times: slot, entry, key. Who has many ids asks for the next ones' beforehand (the Prefetch methods). Reading is
/// thread-safe while nothing writes.
/// </remarks>
sealed class IdIndex
{
    const int SegmentBytes = 1 << 20, Free = -1;
    const ulong Empty = ulong.MaxValue;
    readonly List<byte[]> segments = [];
    readonly Stack<int> freeEntries = new();
    ulong[] slots = NewSlots(64); // hash · 2³² + entry
    IdEntry[] entries = new IdEntry[16];
    int used;
    long arenaEnd, wasted;

    /// <summary>Ids that have an entry.</summary>
    public int Count { get; private set; }

    /// <summary>Entry numbers are below this; some of them may be free.</summary>
    public int Bound => used;

    /// <summary>Bytes held.</summary>
    public long Bytes => slots.Length * 8L + entries.Length * 24L + segments.Count * (long)SegmentBytes;

    /// <summary>Whether that entry holds an id.</summary>
    public bool Holds(int entry) => entries[entry].Position != Free;

    /// <summary>What is known of an entry's id.</summary>
    public ref IdEntry this[int entry] => ref entries[entry];

    /// <summary>The id's bytes of an entry.</summary>
    public ReadOnlySpan<byte> Key(int entry)
    {
        long position = entries[entry].Position;
        ReadOnlySpan<byte> from = segments[(int)(position / SegmentBytes)].AsSpan((int)(position % SegmentBytes));
        return from.Slice(2, BinaryPrimitives.ReadUInt16LittleEndian(from));
    }

    /// <summary>The id's entry, or −1.</summary>
    public int Find(ReadOnlySpan<byte> key, uint hash)
    {
        ulong[] slots = this.slots;
        for (int slot = Home(hash, slots.Length); ; slot = (slot + 1) & (slots.Length - 1))
        {
            ulong found = slots[slot];
            if (found == Empty) return -1;
            if ((uint)(found >> 32) == hash && Key((int)found).SequenceEqual(key)) return (int)found;
        }
    }

    /// <summary>Asks for the slot of a hash.</summary>
    public unsafe void PrefetchSlot(uint hash)
    {
        if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref slots[Home(hash, slots.Length)]));
    }

    /// <summary>The first entry of a hash, most likely the one that is looked for, and asks for it; −1 where there is none.</summary>
    public unsafe int PrefetchEntry(uint hash)
    {
        ulong[] slots = this.slots;
        for (int slot = Home(hash, slots.Length); ; slot = (slot + 1) & (slots.Length - 1))
        {
            ulong found = slots[slot];
            if (found == Empty) return -1;
            if ((uint)(found >> 32) != hash) continue;
            if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref entries[(int)found]));
            return (int)found;
        }
    }

    /// <summary>Asks for the bytes of an entry's id.</summary>
    public unsafe void PrefetchKey(int entry)
    {
        long position = entries[entry].Position;
        if (Sse.IsSupported && position != Free) Sse.Prefetch0(Unsafe.AsPointer(ref segments[(int)(position / SegmentBytes)][(int)(position % SegmentBytes)]));
    }

    /// <summary>Adds an id that is not there; gives its entry.</summary>
    public int Add(ReadOnlySpan<byte> key, uint hash)
    {
        if ((Count + 1) * 4L > slots.Length * 3L) Rehash(slots.Length * 2);
        if (!freeEntries.TryPop(out int entry))
        {
            entry = used++;
            // By half as much again: doubling would leave a third of the memory unused on average.
            if (entry == entries.Length)
            {
                IdEntry[] more = HugePages.Allocate<IdEntry>(checked(entry + (entry >> 1) + 16));
                entries.CopyTo(more, 0);
                entries = more;
            }
        }
        entries[entry] = new IdEntry { Hash = hash, Position = Append(key) };
        Insert(slots, (ulong)hash << 32 | (uint)entry);
        Count++;
        return entry;
    }

    /// <summary>Frees an entry; its number is given to a later id.</summary>
    public void Remove(int entry)
    {
        int mask = slots.Length - 1, hole = Home(entries[entry].Hash, slots.Length);
        while ((int)slots[hole] != entry) hole = (hole + 1) & mask;
        // Move later members of the run into the hole, so that no search stops early.
        for (int next = (hole + 1) & mask; slots[next] != Empty; next = (next + 1) & mask)
        {
            int home = Home((uint)(slots[next] >> 32), slots.Length);
            if (((next - home) & mask) < ((next - hole) & mask)) continue;
            slots[hole] = slots[next];
            hole = next;
        }
        slots[hole] = Empty;
        wasted += Key(entry).Length + 2;
        entries[entry].Position = Free;
        freeEntries.Push(entry);
        Count--;
        if (wasted > SegmentBytes && wasted * 2 > arenaEnd) Compact();
    }

    static void Insert(ulong[] slots, ulong filled)
    {
        int slot = Home((uint)(filled >> 32), slots.Length);
        while (slots[slot] != Empty) slot = (slot + 1) & (slots.Length - 1);
        slots[slot] = filled;
    }

    void Rehash(int size)
    {
        ulong[] larger = NewSlots(size);
        foreach (ulong slot in slots)
            if (slot != Empty) Insert(larger, slot);
        slots = larger;
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
            ref long position = ref entries[entry].Position;
            if (position == Free) continue;
            ReadOnlySpan<byte> from = old[(int)(position / SegmentBytes)].AsSpan((int)(position % SegmentBytes));
            position = Append(from.Slice(2, BinaryPrimitives.ReadUInt16LittleEndian(from)));
        }
    }

    static ulong[] NewSlots(int size)
    {
        ulong[] slots = HugePages.Allocate<ulong>(size);
        Array.Fill(slots, Empty);
        return slots;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Home(uint hash, int size) => (int)(hash & (uint)(size - 1));
}
