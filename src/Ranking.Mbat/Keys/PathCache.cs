namespace Ranking.Mbat;

/// <summary>
/// Composed permutations of key paths, so that a leaf costs the same at any depth. A path is its parent's number and
/// the hash of its last step. It holds a bounded number of paths and starts over when a document finds it full.
/// </summary>
internal sealed class PathCache
{
    /// <summary>Root path, the identity.</summary>
    public const int Root = 0;

    /// <summary>No number: the path is not in the cache.</summary>
    public const int None = -1;

    private const int Bytes = 32 << 20;
    private readonly int _capacity;
    private readonly List<BlockPermutation> _permutations = [];
    private (ulong Hash, int Parent, int Path)[] _table = new (ulong, int, int)[256];

    public PathCache(int dimension)
    {
        _capacity = Math.Max(64, Bytes / (dimension + dimension / 8 + 128));
        _permutations.Add(new BlockPermutation(dimension));
    }

    public bool Full => _permutations.Count >= _capacity;

    public BlockPermutation this[int path] => _permutations[path];

    public int Find(int parent, ulong step)
    {
        for (int slot = Slot(parent, step); _table[slot].Path != 0; slot = (slot + 1) & (_table.Length - 1))
        {
            if (_table[slot].Hash == step && _table[slot].Parent == parent)
                return _table[slot].Path;
        }
        return None;
    }

    /// <summary>Makes room for a path that is not in the cache; the caller composes what it returns.</summary>
    public int Add(int parent, ulong step, int dimension)
    {
        if (_permutations.Count * 2 > _table.Length)
            Grow();
        _permutations.Add(new BlockPermutation(dimension));
        Insert((step, parent, _permutations.Count - 1));
        return _permutations.Count - 1;
    }

    /// <summary>Forgets all paths but the root. Not while a document is open.</summary>
    public void Clear()
    {
        _permutations.RemoveRange(1, _permutations.Count - 1);
        Array.Clear(_table);
    }

    private int Slot(int parent, ulong step) => (int)(StableHash.Mix(step + (ulong)parent * 0x9E3779B97F4A7C15)) & (_table.Length - 1);

    private void Insert((ulong Hash, int Parent, int Path) entry)
    {
        int slot = Slot(entry.Parent, entry.Hash);
        while (_table[slot].Path != 0)
            slot = (slot + 1) & (_table.Length - 1);
        _table[slot] = entry;
    }

    private void Grow()
    {
        (ulong, int, int)[] old = _table;
        _table = new (ulong, int, int)[2 * old.Length];
        foreach ((ulong Hash, int Parent, int Path) entry in old)
        {
            if (entry.Path != 0)
                Insert(entry);
        }
    }
}
