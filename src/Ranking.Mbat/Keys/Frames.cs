namespace Ranking.Mbat;

/// <summary>
/// Where the leaves of a document go while it is read: the stack of keys and positions that bind the next value, and
/// the sums that it is added to. A level is what <see cref="EnterKey"/> or <see cref="EnterArray"/> opened.
/// </summary>
internal abstract class Frames
{
    private readonly int _dimension;
    private readonly uint[] _wide;
    private readonly uint[] _wideBag;

    private protected Frames(int dimension)
    {
        _dimension = dimension;
        _wide = new uint[dimension / 16];
        _wideBag = new uint[WordBag.Planes * _wide.Length];
        Sums = [new Accumulator(dimension)];
    }

    /// <summary>The sums that are open, the document's first; those after <see cref="Open"/> are kept for the next nodes.</summary>
    private protected List<Accumulator> Sums { get; }

    /// <summary>Index of the sum that leaves are added to.</summary>
    private protected int Open { get; set; }

    /// <summary>The finished sum of the document.</summary>
    public Accumulator Result => Sums[0];

    /// <summary>Starts a document.</summary>
    public virtual void Reset()
    {
        Open = 0;
        Sums[0].Clear();
    }

    /// <summary>What follows is bound by a key, M_k.</summary>
    public abstract void EnterKey(ulong key);

    /// <summary>What follows is bound by M_ARR.</summary>
    public abstract void EnterArray();

    /// <summary>What follows is bound by one more M_SEQ: called before each element, so the i-th has M_SEQ^i.</summary>
    public abstract void NextElement();

    /// <summary>Ends the last level.</summary>
    public abstract void Leave();

    /// <summary>What follows is summed apart until <see cref="CloseNode"/>.</summary>
    public void OpenNode()
    {
        if (++Open == Sums.Count)
            Sums.Add(new Accumulator(_dimension));
        Sums[Open].Clear();
    }

    /// <summary>Brings the sum apart to unit length and adds it with a weight.</summary>
    public void CloseNode(double weight)
    {
        Open--;
        Sums[Open].AddNormalised(Sums[Open + 1], weight);
    }

    /// <summary>Adds a leaf, D bits of plus and minus ones, with a fixed-point weight.</summary>
    public abstract void Add(ReadOnlySpan<ulong> bits, int weight);

    /// <summary>Adds the sum of a bag of leaves, each with a fixed-point weight; weight times count must stay below 2³⁰.</summary>
    public abstract void Add(WordBag bag, int weight);

    /// <summary>Adds a leaf, permuted, to the open sum.</summary>
    private protected void Add(BlockPermutation way, ReadOnlySpan<ulong> bits, int weight)
    {
        PermutedSum.Widen(bits, _wide);
        PermutedSum.Add(way, _wide, weight, Sums[Open].Room(Math.Abs((long)weight)));
    }

    /// <summary>Adds a bag of leaves, permuted, to the open sum.</summary>
    private protected void Add(BlockPermutation way, WordBag bag, int weight) =>
        PermutedSum.Add(way, bag, _wideBag, weight, Sums[Open].Room(Math.Abs((long)weight) * bag.Count));
}
