namespace Ranking.Mbat;

/// <summary>
/// Keys of the objects that are open, to find repeated ones: a hash and the place of the value, 16 bytes a key. Small
/// objects are searched through; an object of more than <see cref="Searched"/> keys is also in a hash table. Objects
/// close in the order opposite to opening, so removing the last entries first keeps the table's chains whole.
/// </summary>
internal sealed class OpenKeys
{
    private const int Searched = 32;
    private ulong[] _tags = new ulong[64];
    private (int Start, int End)[] _values = new (int, int)[64];
    private int[] _table = new int[128];
    private int _inTable;

    public int Count { get; private set; }

    /// <summary>Forgets everything, also after a document that broke off.</summary>
    public void Clear()
    {
        if (_inTable > 0)
            Array.Clear(_table);
        (Count, _inTable) = (0, 0);
    }

    /// <summary>The entry of a key of the object whose keys start at <paramref name="first"/>, or −1.</summary>
    public int Find(int first, ulong hash)
    {
        ulong tag = Tag(first, hash);
        if (Count - first <= Searched)
        {
            int found = _tags.AsSpan(first, Count - first).IndexOf(tag);
            return found < 0 ? -1 : first + found;
        }
        for (int slot = Slot(tag); _table[slot] != 0; slot = (slot + 1) & (_table.Length - 1))
        {
            if (_tags[_table[slot] - 1] == tag)
                return _table[slot] - 1;
        }
        return -1;
    }

    /// <summary>Adds a key that the object does not have yet, and returns its entry.</summary>
    public int Add(int first, ulong hash)
    {
        if (Count == _tags.Length)
        {
            Array.Resize(ref _tags, 2 * Count);
            Array.Resize(ref _values, 2 * Count);
        }
        _tags[Count] = Tag(first, hash);
        int entry = Count++;
        int size = Count - first;
        for (int late = size == Searched + 1 ? first : entry; size > Searched && late <= entry; late++)
            Insert(late);
        return entry;
    }

    public ref (int Start, int End) Value(int entry) => ref _values[entry];

    /// <summary>Ends the object whose keys start at <paramref name="first"/>.</summary>
    public void Close(int first)
    {
        for (int entry = Count - 1; Count - first > Searched && entry >= first; entry--)
        {
            int slot = Slot(_tags[entry]);
            while (_table[slot] != entry + 1)
                slot = (slot + 1) & (_table.Length - 1);
            _table[slot] = 0;
            _inTable--;
        }
        Count = first;
    }

    // A key's hash and its object in one: equal keys of two open objects must not be taken for one.
    private static ulong Tag(int first, ulong hash) => hash + StableHash.Mix((ulong)first);

    private int Slot(ulong tag) => (int)(tag >> 7) & (_table.Length - 1);

    private void Insert(int entry)
    {
        if (2 * (_inTable + 1) > _table.Length)
            Grow();
        Put(entry);
        _inTable++;
    }

    private void Put(int entry)
    {
        int slot = Slot(_tags[entry]);
        while (_table[slot] != 0)
            slot = (slot + 1) & (_table.Length - 1);
        _table[slot] = entry + 1;
    }

    private void Grow()
    {
        int[] entries = Array.FindAll(_table, entry => entry != 0);
        Array.Sort(entries);
        _table = new int[2 * _table.Length];
        foreach (int entry in entries)
            Put(entry - 1);
    }
}
