namespace Ranking.Mbat;

/// <summary>Character n-grams of a word between two marks: of <c>cat</c> and n = 3, <c>‹ca</c>, <c>cat</c>, <c>at›</c>.</summary>
internal sealed class NGrams(int n)
{
    private byte[] _marked = new byte[64];
    private int[] _starts = new int[64];
    private int _characters;

    /// <summary>Takes a word; a shorter one than n with its marks is one gram.</summary>
    /// <returns>How many grams it has.</returns>
    public int Split(ReadOnlySpan<byte> word)
    {
        if (word.Length + 2 > _marked.Length)
        {
            _marked = new byte[2 * word.Length + 2];
            _starts = new int[_marked.Length + 1];
        }
        _marked[0] = 1;
        word.CopyTo(_marked.AsSpan(1));
        _marked[word.Length + 1] = 2;
        _characters = 0;
        for (int at = 0; at < word.Length + 2; at++)
        {
            if ((_marked[at] & 0xC0) != 0x80)
                _starts[_characters++] = at;
        }
        _starts[_characters] = word.Length + 2;
        return Math.Max(1, _characters - n + 1);
    }

    /// <summary>The bytes of a gram of the last word.</summary>
    public ReadOnlySpan<byte> this[int gram] => _marked.AsSpan(_starts[gram].._starts[Math.Min(gram + n, _characters)]);
}
