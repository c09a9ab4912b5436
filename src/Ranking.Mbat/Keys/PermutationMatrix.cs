namespace Ranking.Mbat;

/// <summary>A block permutation as a matrix, for decoding.</summary>
internal sealed class PermutationMatrix : KeyMatrix
{
    private readonly BlockPermutation _permutation;

    public PermutationMatrix(int dimension, ulong key, ShuffleBank bank)
    {
        _permutation = new BlockPermutation(dimension);
        _permutation.Draw(key, bank);
    }

    public override void Apply(ReadOnlySpan<float> source, Span<float> target) => _permutation.Apply(source, target);

    public override void ApplyTransposed(ReadOnlySpan<float> source, Span<float> target) => _permutation.ApplyTransposed(source, target);
}
