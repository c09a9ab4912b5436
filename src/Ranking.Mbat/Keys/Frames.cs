namespace Ranking.Mbat;

/// <summary>
/// Where the leaves of a document go while it is read: the stack of keys and positions that bind the next value, and
/// the sums that it is added to. A level is what <see cref="EnterKey"/> or <see cref="EnterArray"/> opened.
/// </summary>
internal abstract class Frames
{
    /// <summary>Starts a document.</summary>
    public abstract void Reset();

    /// <summary>What follows is bound by a key, M_k.</summary>
    public abstract void EnterKey(ulong key);

    /// <summary>What follows is bound by M_ARR.</summary>
    public abstract void EnterArray();

    /// <summary>What follows is bound by one more M_SEQ: called before each element, so the i-th has M_SEQ^i.</summary>
    public abstract void NextElement();

    /// <summary>Ends the last level.</summary>
    public abstract void Leave();

    /// <summary>What follows is summed apart until <see cref="CloseNode"/>.</summary>
    public abstract void OpenNode();

    /// <summary>Brings the sum apart to unit length and adds it with a weight.</summary>
    public abstract void CloseNode(double weight);

    /// <summary>Adds a leaf, D bits of plus and minus ones, with a fixed-point weight.</summary>
    public abstract void Add(ReadOnlySpan<ulong> bits, int weight);

    /// <summary>Adds the sum of a bag of leaves, each with a fixed-point weight; weight times count must stay below 2³⁰.</summary>
    public abstract void Add(WordBag bag, int weight);

    /// <summary>The finished sum of the document.</summary>
    public abstract Accumulator Result { get; }
}
