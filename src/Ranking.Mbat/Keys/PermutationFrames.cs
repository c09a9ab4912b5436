namespace Ranking.Mbat;

/// <summary>
/// Frames for permutation keys. Permutations compose, so each level holds the whole way from its value to the document's
/// vector, and a leaf is added there at once: nothing is permuted again when an object closes.
/// </summary>
internal sealed class PermutationFrames : Frames
{
    // Elements beyond this many compose their positions anew for each document, lest a long array fill the cache.
    private const int CachedElements = 64;

    private readonly int _dimension;
    private readonly ShuffleBank _bank;
    private readonly PathCache _cache;
    private readonly BlockPermutation _key;
    private readonly BlockPermutation _sequence;
    private readonly ulong _arrayHash;
    private readonly ulong _sequenceHash;
    private Level[] _levels = new Level[8];
    private int _top;

    public PermutationFrames(int dimension, KeyHashes hashes) : base(dimension)
    {
        _dimension = dimension;
        _bank = hashes.Bank;
        _cache = new PathCache(dimension);
        _key = new BlockPermutation(dimension);
        _sequence = new BlockPermutation(dimension);
        _sequence.Draw(hashes.Sequence, _bank);
        (_arrayHash, _sequenceHash) = (hashes.Array, hashes.Sequence);
        _levels[0].Way = _cache[PathCache.Root];
    }

    public override void Reset()
    {
        if (_cache.Full)
            _cache.Clear();
        base.Reset();
        _top = 0;
    }

    public override void EnterKey(ulong key) => Push(key);

    public override void EnterArray() => Push(_arrayHash);

    public override void NextElement()
    {
        ref Level level = ref _levels[_top];
        bool keep = level.Elements++ < CachedElements;
        int path = level.Path == PathCache.None ? PathCache.None : _cache.Find(level.Path, _sequenceHash);
        if (path == PathCache.None && keep && level.Path != PathCache.None && !_cache.Full)
        {
            path = _cache.Add(level.Path, _sequenceHash, _dimension);
            _cache[path].Compose(level.Way, _sequence);
        }
        if (path == PathCache.None)
        {
            level.Own ??= new BlockPermutation(_dimension);
            level.Own.Compose(level.Way, _sequence);
            level.Way = level.Own;
        }
        else
        {
            level.Way = _cache[path];
        }
        level.Path = path;
    }

    public override void Leave() => _top--;

    public override void Add(ReadOnlySpan<ulong> bits, int weight) => Add(_levels[_top].Way, bits, weight);

    public override void Add(WordBag bag, int weight) => Add(_levels[_top].Way, bag, weight);

    private void Push(ulong step)
    {
        if (++_top == _levels.Length)
            Array.Resize(ref _levels, 2 * _levels.Length);
        ref Level level = ref _levels[_top];
        ref Level parent = ref _levels[_top - 1];
        level.Elements = 0;
        level.Path = parent.Path == PathCache.None ? PathCache.None : _cache.Find(parent.Path, step);
        if (level.Path != PathCache.None)
        {
            level.Way = _cache[level.Path];
            return;
        }
        if (parent.Path != PathCache.None && !_cache.Full)
        {
            level.Path = _cache.Add(parent.Path, step, _dimension);
            level.Way = _cache[level.Path];
        }
        else
        {
            level.Way = level.Own ??= new BlockPermutation(_dimension);
        }
        _key.Draw(step, _bank);
        level.Way.Compose(parent.Way, _key);
    }

    /// <summary>One step into the document: the way out from there, and its place in the cache.</summary>
    private struct Level
    {
        public int Path;
        public int Elements;
        public BlockPermutation Way;
        public BlockPermutation? Own;
    }
}
