namespace Ranking.Mbat;

/// <summary>Seeds and atoms of leaves, all from the encoder's seed.</summary>
internal sealed class LeafHashes(ulong seed)
{
    public ulong Word { get; } = StableHash.Pair(seed, 0x776F7264);
    public ulong NGram { get; } = StableHash.Pair(seed, 0x6772616D);
    public ulong Number { get; } = StableHash.Pair(seed, 0x6E756D);
    public ulong Time { get; } = StableHash.Pair(seed, 0x74696D65);
    public ulong True { get; } = StableHash.Pair(seed, 0x74727565);
    public ulong False { get; } = StableHash.Pair(seed, 0x66616C73);
    public ulong Null { get; } = StableHash.Pair(seed, 0x6E756C6C);
    public ulong EmptyString { get; } = StableHash.Pair(seed, 0x2222);
    public ulong EmptyArray { get; } = StableHash.Pair(seed, 0x5B5D);
    public ulong EmptyObject { get; } = StableHash.Pair(seed, 0x7B7D);
}
