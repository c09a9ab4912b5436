namespace Ranking.Features.Events;

/// <summary>A number for each of some ids: a document's field that is an object of numbers.</summary>
public sealed class NumbersById : IEquatable<NumbersById>
{
    readonly string[] ids; // ascending
    readonly float[] numbers;

    /// <summary>From pairs in any order; ids differ from one another.</summary>
    public NumbersById(IEnumerable<KeyValuePair<string, float>> pairs)
    {
        KeyValuePair<string, float>[] sorted = [.. pairs];
        Array.Sort(sorted, static (a, b) => Partitioning.Ids.Compare(a.Key, b.Key));
        (ids, numbers) = ([.. sorted.Select(p => p.Key)], [.. sorted.Select(p => p.Value)]);
    }

    /// <summary>The ids, ascending.</summary>
    public ReadOnlySpan<string> Ids => ids;

    /// <summary>Their numbers.</summary>
    public ReadOnlySpan<float> Numbers => numbers;

    /// <summary>The number of an id; null where there is none.</summary>
    public double? this[string? id]
    {
        get
        {
            int low = 0, high = ids.Length - 1;
            while (id is not null && low <= high)
            {
                int middle = (low + high) / 2, c = Partitioning.Ids.Compare(ids[middle], id);
                if (c == 0) return numbers[middle];
                if (c < 0) low = middle + 1;
                else high = middle - 1;
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public bool Equals(NumbersById? other) => other is not null && ids.AsSpan().SequenceEqual(other.ids) && numbers.AsSpan().SequenceEqual(other.numbers);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NumbersById);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ids.Length, ids.Length > 0 ? ids[0] : null);
}
