using System.Globalization;

namespace Ranking.Store.Vectors;

/// <summary>One comparison of a filter, on the attributes that <see cref="DocumentAttributes"/> writes.</summary>
abstract record FilterPart
{
    /// <summary>In the words that Garnet and Redis 8 share.</summary>
    public abstract string ServerExpression { get; }
}

/// <summary>Whether a document has one of some tags, or, negated, none of them.</summary>
sealed record TagPart(IReadOnlyList<string> Tags, bool Negated) : FilterPart
{
    public override string ServerExpression
    {
        get
        {
            string any = string.Join(" or ", Tags.Select(t => $"\"{t}\" in .t"));
            return Negated ? $"not ({any})" : Tags.Count == 1 ? any : $"({any})";
        }
    }

    /// <summary>The tags as they stand in the attributes.</summary>
    public IEnumerable<string> Quoted => Tags.Select(t => $"\"{t}\"");
}

/// <summary>Whether a document's number compares so with another; false where it has none.</summary>
sealed record NumberPart(string Name, string Operator, double Value) : FilterPart
{
    // As precise as it is written for a server, and as the attributes are.
    readonly double _value = double.Parse(VectorFilter.Plain(Value), CultureInfo.InvariantCulture);

    public override string ServerExpression => $".{Name} {Operator} {VectorFilter.Plain(Value)}";

    public bool Holds(double number) => Operator switch
    {
        "<" => number < _value,
        "<=" => number <= _value,
        ">" => number > _value,
        ">=" => number >= _value,
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{Operator} is no comparison of numbers")),
    };
}
