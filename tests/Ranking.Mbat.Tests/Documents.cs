using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;

namespace Ranking.Mbat.Tests;

/// <summary>Random JSON documents, with repeated keys, blanks and escapes, and what tests ask of vectors.</summary>
internal static class Documents
{
    public static readonly Gen<string> Word = Gen.OneOf("red", "Green", "blue", "Ärger", "naïve", "ДОМ", "a", "b", "c", "d", "x1", "");

    public static readonly Gen<string> Key = Gen.OneOf("a", "b", "c", "key", "Key", "", "é", "\"", "\\", "日", "long key with spaces");

    private static readonly Gen<string> Blank = Gen.OneOf("", "", " ", "\n", "\t", "\r\n ");

    private static readonly Gen<string> Leaf = Gen.OneOf(
        Gen.OneOf("true", "false", "null", "\"\"", "[]", "{}"),
        Gen.Int[-1000, 1000].Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Gen.OneOf("1e3", "-0", "0.5", "123456789012345678901234567890", "1e400", "-1E-400"),
        Gen.Select(Word, Word, (a, b) => Quote(a + " " + b)),
        Word.Select(Quote));

    public static Gen<string> Json(int depth = 4) => depth == 0 ? Leaf : Gen.Frequency(
        (2, Leaf),
        (3, Gen.Select(Key, Json(depth - 1), Blank, (k, v, s) => $"{Quote(k)}{s}:{s}{v}").Array[0, 5].Select(m => "{" + string.Join(",", m) + "}")),
        (2, Gen.Select(Json(depth - 1), Blank, (v, s) => s + v + s).Array[0, 4].Select(m => "[" + string.Join(",", m) + "]")));

    public static string Quote(string text) => JsonSerializer.Serialize(text, Relaxed);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0;
        for (int i = 0; i < a.Length; i++)
            dot += (double)a[i] * b[i];
        return dot;
    }

    public static double Cosine(this MbatEncoder encoder, string a, string b) => Cosine(encoder.Encode(a), encoder.Encode(b));

    /// <summary>The document with only the last of equal keys, without blanks.</summary>
    public static string LastWins(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return LastWins(document.RootElement);
    }

    /// <summary>The document with all members reversed, every character escaped, and blanks added.</summary>
    public static string Disguise(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Disguise(document.RootElement);
    }

    private static string LastWins(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(",", value.EnumerateObject().GroupBy(m => m.Name).Select(g => Quote(g.Key) + ":" + LastWins(g.Last().Value))) + "}",
        JsonValueKind.Array => "[" + string.Join(",", value.EnumerateArray().Select(LastWins)) + "]",
        _ => value.GetRawText(),
    };

    private static string Disguise(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{ " + string.Join(" ,\n", value.EnumerateObject().Reverse().Select(m => Escape(m.Name) + "\t: " + Disguise(m.Value))) + "\r\n}",
        JsonValueKind.Array => "[\n" + string.Join(",  ", value.EnumerateArray().Select(Disguise)) + " ]",
        JsonValueKind.String => Escape(value.GetString()!),
        _ => value.GetRawText(),
    };

    private static string Escape(string text)
    {
        StringBuilder escaped = new("\"");
        foreach (char c in text)
            escaped.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        return escaped.Append('"').ToString();
    }
}
