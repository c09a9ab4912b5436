namespace Ranking.Features.Examples;

/// <summary>All features of one (user, item) at one time, as a <see cref="FeatureLayout"/> lays them out.</summary>
/// <param name="Numbers">Dense numbers, <see cref="FeatureLayout.NumberWidth"/> of them.</param>
/// <param name="Ids">The ids of all id columns, one after another; UTF-8 of 1 to 512 bytes each.</param>
/// <param name="IdOffsets">Column c has ids [IdOffsets[c], IdOffsets[c + 1]); none means missing. Length: number of id columns + 1.</param>
public sealed record FeatureVector(float[] Numbers, string[] Ids, int[] IdOffsets)
{
    /// <summary>The ids of one id column.</summary>
    public ReadOnlySpan<string> IdsOf(int column) => Ids.AsSpan(IdOffsets[column]..IdOffsets[column + 1]);

    /// <summary>Whether two vectors are the same, bit for bit.</summary>
    public bool Equals(FeatureVector? other) => other is not null
        && System.Runtime.InteropServices.MemoryMarshal.AsBytes(Numbers.AsSpan()).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(other.Numbers.AsSpan()))
        && Ids.AsSpan().SequenceEqual(other.Ids) && IdOffsets.AsSpan().SequenceEqual(other.IdOffsets);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Numbers.Length, Ids.Length, Ids.Length > 0 ? Ids[0] : null);
}
