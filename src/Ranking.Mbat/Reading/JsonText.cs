using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Ranking.Mbat;

/// <summary>What System.Text.Json's reader leaves to do: escapes, and the place of an error in characters.</summary>
internal static class JsonText
{
    private static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    /// <summary>The document without a byte order mark, checked to be UTF-8.</summary>
    public static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> document)
    {
        if (document.StartsWith(Utf8Mark))
            document = document[3..];
        if (Utf8.IsValid(document))
            return document;
        int at = 0;
        while (Rune.DecodeFromUtf8(document[at..], out _, out int length) == OperationStatus.Done)
            at += length;
        string hint = document[0] is 0xFE or 0xFF ? "; it looks like UTF-16" : "";
        throw At(document, at, $"byte 0x{document[at]:X2} is not UTF-8{hint}");
    }

    /// <summary>
    /// Undoes the escapes of a JSON string's content, which the reader has checked. A lone surrogate, which JSON allows
    /// and UTF-8 does not, becomes its three bytes as if it were a character.
    /// </summary>
    /// <returns>The length written; <paramref name="target"/> must hold the escaped length.</returns>
    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> target)
    {
        int length = 0;
        while (true)
        {
            int slash = escaped.IndexOf((byte)'\\');
            if (slash < 0)
                break;
            escaped[..slash].CopyTo(target[length..]);
            length += slash;
            byte kind = escaped[slash + 1];
            escaped = escaped[(slash + 2)..];
            if (kind != 'u')
            {
                target[length++] = kind switch
                {
                    (byte)'b' => 8,
                    (byte)'f' => 12,
                    (byte)'n' => 10,
                    (byte)'r' => 13,
                    (byte)'t' => 9,
                    _ => kind,
                };
                continue;
            }
            int code = Hex(escaped);
            escaped = escaped[4..];
            if (char.IsHighSurrogate((char)code) && escaped.Length >= 6 && escaped[0] == '\\' && escaped[1] == 'u'
                && char.IsLowSurrogate((char)Hex(escaped[2..])))
            {
                code = char.ConvertToUtf32((char)code, (char)Hex(escaped[2..]));
                escaped = escaped[6..];
            }
            length += Write(code, target[length..]);
        }
        escaped.CopyTo(target[length..]);
        return length + escaped.Length;
    }

    /// <summary>The reader's error with line and column from 1, in characters.</summary>
    public static MbatFormatException From(JsonException error, ReadOnlySpan<byte> document)
    {
        long line = error.LineNumber ?? 0, bytes = error.BytePositionInLine ?? 0;
        int start = 0;
        for (long skipped = 0; skipped < line; skipped++)
            start += document[start..].IndexOf((byte)'\n') + 1;
        int end = (int)Math.Min(start + bytes, document.Length);
        string text = error.Message;
        int place = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        int path = text.IndexOf(" Path: $", StringComparison.Ordinal);
        place = path >= 0 && (place < 0 || path < place) ? path : place;
        return new(line + 1, Characters(document[start..end]) + 1, place < 0 ? text : text[..place], error);
    }

    /// <summary>An error at a byte of the document.</summary>
    public static MbatFormatException At(ReadOnlySpan<byte> document, int at, string message)
    {
        ReadOnlySpan<byte> before = document[..at];
        int start = before.LastIndexOf((byte)'\n') + 1;
        return new(before.Count((byte)'\n') + 1, Characters(before[start..]) + 1, message);
    }

    private static long Characters(ReadOnlySpan<byte> utf8)
    {
        long count = 0;
        foreach (byte unit in utf8)
            count += (unit & 0xC0) != 0x80 ? 1 : 0;
        return count;
    }

    private static int Hex(ReadOnlySpan<byte> digits) =>
        int.Parse(digits[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static int Write(int code, Span<byte> target)
    {
        if (Rune.IsValid(code))
            return new Rune(code).EncodeToUtf8(target);
        target[0] = (byte)(0xE0 | code >> 12);
        target[1] = (byte)(0x80 | code >> 6 & 0x3F);
        target[2] = (byte)(0x80 | code & 0x3F);
        return 3;
    }
}
