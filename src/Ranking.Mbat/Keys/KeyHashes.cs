namespace Ranking.Mbat;

/// <summary>The hashes that an encoder's seed gives to keys, positions and leaves; each kind in a space of its own.</summary>
internal sealed class KeyHashes(ulong seed)
{
    private readonly ulong _keys = StableHash.Pair(seed, 0x6B6579);

    public ShuffleBank Bank { get; } = new(seed);

    /// <summary>M_ARR.</summary>
    public ulong Array { get; } = StableHash.Pair(seed, 0x617272);

    /// <summary>M_SEQ.</summary>
    public ulong Sequence { get; } = StableHash.Pair(seed, 0x736571);

    /// <summary>M_k for a key's unescaped UTF-8.</summary>
    public ulong Key(ReadOnlySpan<byte> utf8) => StableHash.Of(utf8, _keys);
}
