using System.Text.Json.Serialization;
using MessagePack;

namespace Ranking.Client;

/// <summary>A value of a context field or a feature: nothing, an id, a number, a list of ids or a list of numbers.</summary>
[JsonConverter(typeof(Formats.FeatureValueJsonConverter))]
[MessagePackFormatter(typeof(Formats.FeatureValueFormatter))]
public readonly struct FeatureValue : IEquatable<FeatureValue>
{
    FeatureValue(object? value) => Value = value;

    /// <summary>The value: null, <see cref="string"/>, <see cref="double"/>, an array of strings or an array of doubles.</summary>
    public object? Value { get; }

    /// <summary>An id.</summary>
    public static FeatureValue Of(string id) => new(id);

    /// <summary>A finite number.</summary>
    public static FeatureValue Of(double number) => new(number);

    /// <summary>A list of ids.</summary>
    public static FeatureValue Of(IReadOnlyList<string> ids) => new(ids.ToArray());

    /// <summary>A list of numbers.</summary>
    public static FeatureValue Of(IReadOnlyList<double> numbers) => new(numbers.ToArray());

    /// <summary>An id.</summary>
    public static implicit operator FeatureValue(string id) => Of(id);

    /// <summary>A number.</summary>
    public static implicit operator FeatureValue(double number) => Of(number);

    /// <summary>A list of ids.</summary>
    public static implicit operator FeatureValue(string[] ids) => Of(ids);

    /// <summary>An id, by another name.</summary>
    public static FeatureValue FromString(string id) => Of(id);

    /// <summary>A number, by another name.</summary>
    public static FeatureValue FromDouble(double number) => Of(number);

    /// <inheritdoc/>
    public bool Equals(FeatureValue other) => (Value, other.Value) switch
    {
        (string[] a, string[] b) => a.AsSpan().SequenceEqual(b),
        (double[] a, double[] b) => a.AsSpan().SequenceEqual(b),
        var (a, b) => Equals(a, b),
    };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is FeatureValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Value switch { string[] a => a.Length, double[] a => a.Length, var v => v?.GetHashCode() ?? 0 };

    /// <summary>Whether two values are the same.</summary>
    public static bool operator ==(FeatureValue left, FeatureValue right) => left.Equals(right);

    /// <summary>Whether two values differ.</summary>
    public static bool operator !=(FeatureValue left, FeatureValue right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() => Value switch
    {
        null => "missing",
        string[] ids => string.Join(", ", ids),
        double[] numbers => string.Join(", ", numbers.Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture))),
        IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        var v => v.ToString()!,
    };
}
