using Ranking.Features.Examples;
using Ranking.Models.Tables;

namespace Ranking.Models.Input;

/// <summary>A column of the layout and where the model's input vector holds it: at several places where several groups name it.</summary>
/// <param name="Feature">Name.</param>
/// <param name="Index">In the feature vector: the id column, or the first of its numbers.</param>
/// <param name="Width">Numbers in the input vector.</param>
/// <param name="Table">Of ids: their table.</param>
/// <param name="Attention">Whether its members stay apart, for target attention to pool.</param>
/// <param name="Offsets">Where it lies in the input vector.</param>
sealed record InputColumn(string Feature, int Index, int Width, IdTable? Table, bool Attention, IReadOnlyList<int> Offsets)
{
    /// <summary>Copies the column's numbers.</summary>
    /// <exception cref="ArgumentException">One is not finite.</exception>
    public void CopyNumbers(FeatureVector vector, Span<float> to)
    {
        ReadOnlySpan<float> numbers = vector.Numbers.AsSpan(Index, Width);
        if (numbers.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            throw new ArgumentException($"feature '{Feature}': found a number that is not finite, expected finite ones");
        numbers.CopyTo(to);
    }
}
