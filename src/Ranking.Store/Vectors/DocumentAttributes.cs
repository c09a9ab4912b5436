using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ranking.Store.Vectors;

/// <summary>
/// A document's fields in the form that filters run on: <c>{"t":["lang=s:en", …],"n_year":1994}</c>. Every scalar, also within lists,
/// is a tag; every number outside a list can be compared too.
/// </summary>
public static class DocumentAttributes
{
    /// <summary>Most bytes of the attributes of one element; fields beyond are left out, and filters do not find them.</summary>
    public const int MaxBytes = 16 << 10;

    const int MaxTextLength = 256;
    const int MaxDepth = 8;

    /// <summary>Attributes of a JSON document.</summary>
    /// <param name="document">An object; of anything else no field can be filtered on.</param>
    public static string Of(JsonElement document)
    {
        List<string> tags = [];
        SortedDictionary<string, double> numbers = new(StringComparer.Ordinal);
        int bytes = 0;
        Walk(document, "", 0, inList: false);
        StringBuilder json = new("{\"t\":[");
        json.AppendJoin(',', tags.Select(t => $"\"{t}\"")).Append(']');
        foreach ((string name, double value) in numbers) json.Append(",\"").Append(name).Append("\":").Append(VectorFilter.Plain(value));
        return json.Append('}').ToString();

        void Walk(JsonElement element, string field, int depth, bool inList)
        {
            if (depth > MaxDepth) return;
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (JsonProperty p in element.EnumerateObject())
                        Walk(p.Value, field.Length == 0 ? p.Name : $"{field}.{p.Name}", depth + 1, inList);
                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement e in element.EnumerateArray()) Walk(e, field, depth + 1, inList: true);
                    break;
                case JsonValueKind.String when element.GetString() is { Length: <= MaxTextLength } text: Add(field, text, inList); break;
                case JsonValueKind.True or JsonValueKind.False: Add(field, element.GetBoolean(), inList); break;
                case JsonValueKind.Number when element.TryGetDouble(out double number) && Math.Abs(number) <= 1e15: Add(field, number, inList); break;
            }
        }

        void Add(string field, object value, bool inList)
        {
            string tag = Tag(field, value);
            if (bytes + 2 * tag.Length > MaxBytes) return;
            bytes += tag.Length + 3;
            tags.Add(tag);
            if (inList || value is not double number) return;
            string name = NumberName(field);
            bytes += name.Length + 30;
            numbers[name] = number;
        }
    }

    internal static string Tag(string field, object value) => value switch
    {
        bool b => $"{Safe(field)}=b:{(b ? "true" : "false")}",
        double d => $"{Safe(field)}=n:{VectorFilter.Plain(d)}",
        _ => $"{Safe(field)}=s:{Safe((string)value)}",
    };

    // Selectors are letters, digits and underscores.
    internal static string NumberName(string field) => "n_" + Escape(field, '_');

    static string Safe(string text) => Escape(text, '~');

    // Only characters that no server's parser of filters or JSON treats specially; the mark itself is escaped, so nothing collides.
    static string Escape(string text, char mark)
    {
        StringBuilder safe = new(text.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(text))
            if (char.IsAsciiLetterOrDigit((char)b)) safe.Append((char)b);
            else safe.Append(mark).Append(b.ToString("x2", CultureInfo.InvariantCulture));
        return safe.ToString();
    }
}
