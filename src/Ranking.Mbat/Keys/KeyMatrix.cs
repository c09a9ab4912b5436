namespace Ranking.Mbat;

/// <summary>An orthogonal D × D matrix of a key that acts on floats. Its results are the same bits on every machine.</summary>
internal abstract class KeyMatrix
{
    /// <summary>target = Q source.</summary>
    public abstract void Apply(ReadOnlySpan<float> source, Span<float> target);

    /// <summary>target = Qᵀ source, which undoes Q.</summary>
    public abstract void ApplyTransposed(ReadOnlySpan<float> source, Span<float> target);
}
