using System.Buffers;
using System.Text;

namespace Ranking.Mbat;

/// <summary>
/// Splits text into lower-case words. A word is a run of ASCII letters and digits and of code points beyond ASCII that
/// are no punctuation or space; an ideograph or kana is a word by itself. The classes are fixed here, since those of the
/// runtime move with each Unicode version. Text is not normalised: NFC and NFD spellings are different words.
/// </summary>
internal ref struct WordReader(ReadOnlySpan<byte> utf8, ref byte[] scratch)
{
    private const byte Separator = 0;
    private const byte Beyond = 0xFF;
    private static readonly byte[] Ascii = MakeAscii();
    private static readonly SearchValues<byte> LettersAndDigits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    private readonly ref byte[] _scratch = ref scratch;
    private ReadOnlySpan<byte> _rest = utf8;

    /// <summary>The next word in lower case; empty at the end.</summary>
    public ReadOnlySpan<byte> Next()
    {
        ReadOnlySpan<byte> rest = _rest;
        rest = rest[Blanks(rest)..];
        int length = rest.IndexOfAnyExcept(LettersAndDigits);
        length = length < 0 ? rest.Length : length;
        Room(length);
        System.Text.Ascii.ToLower(rest[..length], _scratch, out _);
        int at = length;
        if (at < rest.Length && rest[at] < 0x80 && length > 0)
        {
            _rest = rest[(at + 1)..];
            return _scratch.AsSpan(0, length);
        }
        while (at < rest.Length)
        {
            byte kind = Ascii[rest[at]];
            if (kind == Separator)
            {
                at++;
                if (length > 0)
                    break;
            }
            else if (kind != Beyond)
            {
                Room(length + 1);
                _scratch[length++] = kind;
                at++;
            }
            else
            {
                // A lone surrogate has no UTF-8; its bytes stand for themselves.
                int codePoint = Rune.DecodeFromUtf8(rest[at..], out Rune rune, out int bytes) == OperationStatus.Done ? LowerCase.Of(rune.Value) : -1;
                if (codePoint >= 0 && IsSeparator(codePoint))
                {
                    at += bytes;
                    if (length > 0)
                        break;
                    continue;
                }
                bool alone = codePoint >= 0 && IsWordAlone(codePoint);
                if (alone && length > 0)
                    break;
                Room(length + 4);
                if (codePoint >= 0)
                    length += new Rune(codePoint).EncodeToUtf8(_scratch.AsSpan(length));
                else
                    rest.Slice(at, bytes).CopyTo(_scratch.AsSpan(length));
                length += codePoint >= 0 ? 0 : bytes;
                at += bytes;
                if (alone)
                    break;
            }
        }
        _rest = rest[at..];
        return _scratch.AsSpan(0, length);
    }

    // Most blanks are one, which a loop finds faster than a vectorised search.
    private static int Blanks(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length && Ascii[text[at]] == Separator)
            at++;
        return at;
    }

    private readonly void Room(int length)
    {
        if (length > _scratch.Length)
            Array.Resize(ref _scratch, 2 * length);
    }

    private static bool IsSeparator(int c) => c switch
    {
        < 0x80 => false,
        < 0xC0 => c is not (0xAA or 0xB5 or 0xBA),
        0xD7 or 0xF7 => true,
        0x1680 or 0x180E or 0xFEFF or 0xFFFD => true,
        >= 0x2000 and <= 0x206F => true,
        >= 0x2E00 and <= 0x2E7F => true,
        >= 0x3000 and <= 0x3004 or (>= 0x3008 and <= 0x3020) or 0x3030 or 0x303D => true,
        >= 0xFE10 and <= 0xFE1F or (>= 0xFE30 and <= 0xFE6F) => true,
        >= 0xFF01 and <= 0xFF0F or (>= 0xFF1A and <= 0xFF20) or (>= 0xFF3B and <= 0xFF40) or (>= 0xFF5B and <= 0xFF65) => true,
        0x060C or 0x061B or 0x061F or 0x06D4 or 0x0964 or 0x0965 or 0x0589 or 0x05BE or 0x05C0 or 0x05C3 => true,
        _ => false,
    };

    private static bool IsWordAlone(int c) =>
        c is (>= 0x3041 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);

    private static byte[] MakeAscii()
    {
        byte[] table = new byte[256];
        for (int c = 0; c < 256; c++)
        {
            if (c >= 0x80)
                table[c] = Beyond;
            else if (char.IsAsciiLetterOrDigit((char)c))
                table[c] = (byte)char.ToLowerInvariant((char)c);
        }
        return table;
    }
}
