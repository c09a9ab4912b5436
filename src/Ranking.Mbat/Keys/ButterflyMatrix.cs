namespace Ranking.Mbat;

/// <summary>
/// Q = H P, where P is a key's signed block permutation and H the Hadamard transform, log₂ D stages of rotations by 45°
/// between pairs of coordinates: O(D log D). Where D is no power of two, H acts within groups and there are two rounds,
/// Q = H P₂ H P₁, so that the groups mix.
/// </summary>
internal sealed class ButterflyMatrix : KeyMatrix
{
    private readonly BlockPermutation[] _rounds;

    public ButterflyMatrix(int dimension, ulong key, ShuffleBank bank)
    {
        _rounds = new BlockPermutation[int.IsPow2(dimension) ? 1 : 2];
        for (int round = 0; round < _rounds.Length; round++)
        {
            _rounds[round] = new BlockPermutation(dimension);
            _rounds[round].Draw(round == 0 ? key : StableHash.Pair(key, 0x66), bank);
        }
    }

    public override void Apply(ReadOnlySpan<float> source, Span<float> target)
    {
        _rounds[0].Apply(source, target);
        Hadamard.Transform(target);
        if (_rounds.Length == 1)
            return;
        float[] between = target.ToArray();
        _rounds[1].Apply(between, target);
        Hadamard.Transform(target);
    }

    public override void ApplyTransposed(ReadOnlySpan<float> source, Span<float> target)
    {
        float[] mixed = source.ToArray();
        for (int round = _rounds.Length - 1; round >= 0; round--)
        {
            Hadamard.Transform(mixed);
            _rounds[round].ApplyTransposed(mixed, target);
            target.CopyTo(mixed);
        }
    }
}
