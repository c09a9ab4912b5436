using System.Text;
using System.Text.Json;

namespace Ranking.Mbat;

/// <summary><c>{"id", "label", "doc"}</c> around a document: an object whose keys are among these and include <c>doc</c>.</summary>
internal static class Wrapper
{
    /// <summary>The document in a wrapper, with its id, label and place; any other document as it is.</summary>
    /// <exception cref="MbatFormatException">An id or label is neither text nor a number.</exception>
    public static CorpusDocument Unwrap(CorpusDocument whole)
    {
        ReadOnlyMemory<byte> json = whole.Json;
        if (json.Span[0] != '{')
            return whole;
        string? id = null, label = null;
        (int Start, int End) doc = default;
        Utf8JsonReader reader = new(json.Span, new JsonReaderOptions { MaxDepth = 1001 });
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isId = reader.ValueTextEquals("id"u8), isLabel = reader.ValueTextEquals("label"u8), isDoc = reader.ValueTextEquals("doc"u8);
                if (!isId && !isLabel && !isDoc)
                    return whole;
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                if (isId)
                    id = Name(ref reader, json.Span, whole, "id");
                else if (isLabel)
                    label = Name(ref reader, json.Span, whole, "label");
                else
                    reader.Skip();
                if (isDoc)
                    doc = (start, (int)reader.BytesConsumed);
            }
            reader.Read();
        }
        catch (JsonException)
        {
            // The encoder says what is wrong, and where, better than a wrapper could.
            return whole;
        }
        if (doc.End == 0)
            return whole;
        ReadOnlySpan<byte> before = json.Span[..doc.Start];
        int lines = before.Count((byte)'\n');
        int inLine = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]);
        return new(id ?? whole.Id, label, json[doc.Start..doc.End], whole.Line + lines, lines == 0 ? whole.Column + inLine : inLine + 1);
    }

    private static string? Name(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, CorpusDocument whole, string key)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null when key == "label":
                return null;
            case JsonTokenType.String or JsonTokenType.Number:
                byte[] text = new byte[reader.ValueSpan.Length];
                int length = JsonText.Unescape(reader.ValueSpan, text);
                return Encoding.UTF8.GetString(text, 0, length);
            default:
                throw whole.Locate(JsonText.At(json, (int)reader.TokenStartIndex, $"{key}: a string or a number is expected"));
        }
    }
}
