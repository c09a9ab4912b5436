namespace Ranking.Mbat;

/// <summary>
/// Frames for keys that do not compose, Haar and butterfly: the value under a key is summed apart and multiplied when the
/// key is left, rounded to fixed point. Positions in arrays stay permutations, whose powers cost nothing and are exact.
/// </summary>
internal sealed class MatrixFrames : Frames
{
    private readonly int _dimension;
    private readonly MatrixCache _matrices;
    private readonly BlockPermutation _identity;
    private readonly BlockPermutation _array;
    private readonly BlockPermutation _sequence;
    private readonly float[] _value;
    private readonly float[] _bound;
    private Level[] _levels = new Level[8];
    private int _top;

    public MatrixFrames(int dimension, KeyHashes hashes, MatrixCache matrices) : base(dimension)
    {
        _dimension = dimension;
        _matrices = matrices;
        _identity = new BlockPermutation(dimension);
        _array = new BlockPermutation(dimension);
        _array.Draw(hashes.Array, hashes.Bank);
        _sequence = new BlockPermutation(dimension);
        _sequence.Draw(hashes.Sequence, hashes.Bank);
        _value = new float[dimension];
        _bound = new float[dimension];
        _levels[0].Way = _identity;
    }

    public override void Reset()
    {
        base.Reset();
        _top = 0;
    }

    public override void EnterKey(ulong key)
    {
        ref Level level = ref Push();
        level.Way = _identity;
        level.Matrix = _matrices[key];
        OpenNode();
    }

    public override void EnterArray()
    {
        ref Level level = ref Push();
        level.Matrix = null;
        level.Way = level.Own ??= new BlockPermutation(_dimension);
        level.Way.Compose(_levels[_top - 1].Way, _array);
    }

    public override void NextElement() => _levels[_top].Way.Compose(_levels[_top].Way, _sequence);

    public override void Leave()
    {
        KeyMatrix? matrix = _levels[_top--].Matrix;
        if (matrix is null)
            return;
        Accumulator value = Sums[Open--];
        if (value.IsZero)
            return;
        value.CopyTo(_value);
        matrix.Apply(_value, _bound);
        if (_levels[_top].Way == _identity)
        {
            Sums[Open].Add(_bound);
            return;
        }
        _levels[_top].Way.Apply(_bound, _value);
        Sums[Open].Add(_value);
    }

    public override void Add(ReadOnlySpan<ulong> bits, int weight) => Add(_levels[_top].Way, bits, weight);

    public override void Add(WordBag bag, int weight) => Add(_levels[_top].Way, bag, weight);

    private ref Level Push()
    {
        if (++_top == _levels.Length)
            Array.Resize(ref _levels, 2 * _levels.Length);
        return ref _levels[_top];
    }

    /// <summary>A key with its matrix, or an array with the way of its current element to the sum of the key around it.</summary>
    private struct Level
    {
        public KeyMatrix? Matrix;
        public BlockPermutation Way;
        public BlockPermutation? Own;
    }
}
