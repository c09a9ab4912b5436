using System.Globalization;
using Ranking.Features.Errors;

namespace Ranking.Store.Vectors;

/// <summary>
/// A filter on document fields, parsed here and never by the server, whose answers to a wrong one differ:
/// <code>
/// lang == "en" and year >= 1990 and year &lt; 2000 and genre in ["drama", "crime"] and tag != "old"
/// </code>
/// Comparisons joined by <c>and</c>. Texts, whole numbers and decimals, <c>true</c> and <c>false</c>; <c>==</c>, <c>!=</c>, <c>in</c>,
/// <c>not in</c>, and for numbers <c>&lt; &lt;= > >=</c>. A field that is a list equals each of its elements. A document without the
/// field meets <c>!=</c> and <c>not in</c> only. Fields of nested objects are written with dots.
/// </summary>
public sealed class VectorFilter
{
    /// <summary>Most characters of a filter.</summary>
    public const int MaxLength = 4096;

    /// <summary>Most comparisons, and most elements of a list.</summary>
    public const int MaxParts = 64;

    VectorFilter(IReadOnlyList<FilterPart> parts) => Parts = parts;

    /// <summary>The comparisons; a document has to meet all.</summary>
    internal IReadOnlyList<FilterPart> Parts { get; }

    /// <summary>
    /// The same in the words that Garnet and Redis 8 share. Texts became tags in the array <c>.t</c>, which every element has: a selector
    /// that an element lacks makes the whole expression false in one server and only its comparison in the other.
    /// </summary>
    internal string ServerExpression => string.Join(" and ", Parts.Select(p => p.ServerExpression));

    /// <summary>Reads a filter.</summary>
    /// <exception cref="RankingException">RNK3005 with the position (from 1), what was found and what was expected.</exception>
    public static VectorFilter Parse(string text)
    {
        if (text.Length > MaxLength)
            throw new RankingException(ErrorCodes.FilterInvalid, $"filter has {text.Length} characters: expected at most {MaxLength}");
        FilterReader reader = new(text);
        List<FilterPart> parts = [];
        do
        {
            if (parts.Count == MaxParts) throw reader.Error($"more than {MaxParts} comparisons", "fewer");
            parts.Add(Comparison(reader));
        }
        while (reader.TryWord("and"));
        reader.ExpectEnd();
        return new VectorFilter(parts);
    }

    static FilterPart Comparison(FilterReader reader)
    {
        string field = reader.Field();
        string op = reader.Operator();
        return op switch
        {
            "==" or "!=" => new TagPart([DocumentAttributes.Tag(field, reader.Value())], Negated: op == "!="),
            "in" or "not in" => new TagPart([.. reader.List(MaxParts).Select(v => DocumentAttributes.Tag(field, v))], Negated: op == "not in"),
            _ => new NumberPart(DocumentAttributes.NumberName(field), op, reader.Number()),
        };
    }

    // Redis's expressions know no negative exponent.
    internal static string Plain(double number) => ((decimal)number).ToString("0.############################", CultureInfo.InvariantCulture);
}
