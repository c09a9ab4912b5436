namespace Ranking.Mbat;

/// <summary>
/// 1,024 random shuffles of 16 lanes, chosen by the encoder's seed. A key's permutation takes one of them for each of
/// its blocks, which makes a key some fifty times cheaper to draw than shuffling every block anew.
/// </summary>
internal sealed class ShuffleBank
{
    private const int Count = 1024;
    private readonly byte[] _lanes = new byte[Count * 16];

    public ShuffleBank(ulong seed)
    {
        ulong state = StableHash.Pair(seed, 0x62616E6B);
        for (int shuffle = 0; shuffle < Count; shuffle++)
        {
            Span<byte> lanes = _lanes.AsSpan(shuffle * 16, 16);
            for (int lane = 0; lane < 16; lane++)
                lanes[lane] = (byte)lane;
            for (int lane = 15; lane > 0; lane--)
            {
                int other = (int)Math.BigMul(StableHash.Stream(state, shuffle * 16 + lane), (ulong)(lane + 1), out _);
                (lanes[lane], lanes[other]) = (lanes[other], lanes[lane]);
            }
        }
    }

    /// <summary>A shuffle: for each of the 16 lanes the lane that it takes its value from.</summary>
    public ReadOnlySpan<byte> this[ulong random] => _lanes.AsSpan((int)(random % Count) * 16, 16);
}
