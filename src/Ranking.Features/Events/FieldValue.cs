namespace Ranking.Features.Events;

/// <summary>The value of a context or document field: nothing, an id, a number, a list of ids, a vector, or a number for each of some ids.</summary>
public readonly struct FieldValue : IEquatable<FieldValue>, IComparable<FieldValue>
{
    readonly object? reference; // string, string[], float[] or NumbersById
    readonly double number;
    readonly bool isNumber;

    FieldValue(object? reference, double number, bool isNumber) => (this.reference, this.number, this.isNumber) = (reference, number, isNumber);

    /// <summary>No value.</summary>
    public static FieldValue Missing => default;

    /// <summary>An id.</summary>
    public static FieldValue Of(string? id) => new(id, 0, false);

    /// <summary>A number; NaN is no value.</summary>
    public static FieldValue Of(double number) => double.IsNaN(number) ? default : new(null, number, true);

    /// <summary>A list of ids.</summary>
    public static FieldValue Of(string[] ids) => new(ids, 0, false);

    /// <summary>A vector.</summary>
    public static FieldValue Of(float[] vector) => new(vector, 0, false);

    /// <summary>A number for each of some ids.</summary>
    public static FieldValue Of(NumbersById numbers) => new(numbers, 0, false);

    /// <summary>Whether there is no value.</summary>
    public bool IsMissing => reference is null && !isNumber;

    /// <summary>The id, or null.</summary>
    public string? Id => reference as string;

    /// <summary>The number, or null.</summary>
    public double? Number => isNumber ? number : null;

    /// <summary>The list of ids, or null.</summary>
    public string[]? Ids => reference as string[];

    /// <summary>The vector, or null.</summary>
    public float[]? Vector => reference as float[];

    /// <summary>The numbers by id, or null.</summary>
    public NumbersById? NumbersById => reference as NumbersById;

    /// <inheritdoc/>
    public bool Equals(FieldValue other) => isNumber == other.isNumber && BitConverter.DoubleToInt64Bits(number) == BitConverter.DoubleToInt64Bits(other.number)
        && (reference, other.reference) switch
        {
            (string[] a, string[] b) => a.AsSpan().SequenceEqual(b),
            (float[] a, float[] b) => a.AsSpan().SequenceEqual(b),
            var (a, b) => Equals(a, b),
        };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FieldValue other && Equals(other);

    /// <summary>Some total order of values: missing, numbers, ids, lists, vectors, numbers by id.</summary>
    public int CompareTo(FieldValue other)
    {
        int c = Rank.CompareTo(other.Rank);
        if (c != 0) return c;
        switch (reference)
        {
            case null: return BitConverter.DoubleToInt64Bits(number).CompareTo(BitConverter.DoubleToInt64Bits(other.number));
            case string id: return Partitioning.Ids.Compare(id, other.Id);
            case float[] vector: return vector.AsSpan().SequenceCompareTo(other.Vector);
            case NumbersById numbers:
                c = Compare(numbers.Ids, other.NumbersById!.Ids);
                return c != 0 ? c : numbers.Numbers.SequenceCompareTo(other.NumbersById.Numbers);
            default: return Compare((string[])reference, other.Ids!);
        }
    }

    static int Compare(ReadOnlySpan<string> a, ReadOnlySpan<string> b)
    {
        for (int i = 0; i < a.Length && i < b.Length; i++)
            if (Partitioning.Ids.Compare(a[i], b[i]) is not 0 and var c) return c;
        return a.Length.CompareTo(b.Length);
    }

    int Rank => reference switch { null => isNumber ? 1 : 0, string => 2, string[] => 3, float[] => 4, _ => 5 };

    /// <summary>Whether one value comes before another in that order.</summary>
    public static bool operator <(FieldValue left, FieldValue right) => left.CompareTo(right) < 0;

    /// <summary>Whether one value comes after another in that order.</summary>
    public static bool operator >(FieldValue left, FieldValue right) => left.CompareTo(right) > 0;

    /// <summary>Whether one value does not come after another in that order.</summary>
    public static bool operator <=(FieldValue left, FieldValue right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one value does not come before another in that order.</summary>
    public static bool operator >=(FieldValue left, FieldValue right) => left.CompareTo(right) >= 0;

    /// <summary>Whether two values are the same, bit for bit.</summary>
    public static bool operator ==(FieldValue left, FieldValue right) => left.Equals(right);

    /// <summary>Whether two values differ.</summary>
    public static bool operator !=(FieldValue left, FieldValue right) => !left.Equals(right);

    /// <inheritdoc/>
    public override int GetHashCode() => reference switch
    {
        string[] ids => HashCode.Combine(ids.Length, ids.Length > 0 ? ids[0] : null),
        float[] vector => vector.Length,
        var r => HashCode.Combine(r, number),
    };

    /// <inheritdoc/>
    public override string ToString() => isNumber ? number.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : reference switch { null => "null", string[] ids => $"[{string.Join(", ", ids)}]", float[] v => $"vector of {v.Length}", NumbersById n => $"numbers of {n.Ids.Length} ids", var r => r.ToString()! };
}
