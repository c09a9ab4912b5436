namespace Ranking.Mbat;

/// <summary>
/// The exact value of a JSON number as a hash: <c>1</c>, <c>1.0</c>, <c>10e-1</c> are one value, <c>−0</c> is 0, and
/// integers beyond 2⁵³ or exponents beyond a double's stay apart, since no digit is rounded.
/// </summary>
internal static class DecimalText
{
    public static ulong Hash(ReadOnlySpan<byte> number, ulong seed)
    {
        bool negative = number[0] == '-';
        ulong digits = seed, pending = 0;
        int pendingDigits = 0;
        long zeros = 0, scale = 0;
        bool started = false, fraction = false;
        int at = negative ? 1 : 0;
        for (; at < number.Length && (number[at] | 0x20) != 'e'; at++)
        {
            byte c = number[at];
            if (c == '.')
            {
                fraction = true;
                continue;
            }
            if (fraction)
                scale--;
            if (c == '0')
            {
                zeros += started ? 1 : 0;
                continue;
            }
            // Zeros count only once a digit follows them; leading and trailing ones never do.
            for (started = true; zeros > 0; zeros--)
                Push(0, ref pending, ref pendingDigits, ref digits);
            Push(c - (ulong)'0', ref pending, ref pendingDigits, ref digits);
        }
        if (!started)
            return StableHash.Pair(seed, 0);
        long exponent = scale + zeros + Exponent(number, at);
        return StableHash.Pair(StableHash.Pair(digits, pending + ((ulong)pendingDigits << 60)), (ulong)exponent * 2 + (negative ? 1u : 0u));
    }

    /// <summary>Whether a text as a whole is a number as JSON writes it.</summary>
    public static bool IsNumber(ReadOnlySpan<byte> text)
    {
        int at = text.Length > 0 && text[0] == '-' ? 1 : 0;
        int whole = Digits(text, at);
        if (whole == 0 || (whole > 1 && text[at] == '0'))
            return false;
        at += whole;
        if (at < text.Length && text[at] == '.')
        {
            int fraction = Digits(text, at + 1);
            if (fraction == 0)
                return false;
            at += 1 + fraction;
        }
        if (at < text.Length && (text[at] | 0x20) == 'e')
        {
            at += at + 1 < text.Length && text[at + 1] is (byte)'+' or (byte)'-' ? 2 : 1;
            int exponent = Digits(text, at);
            if (exponent == 0)
                return false;
            at += exponent;
        }
        return at == text.Length;
    }

    private static int Digits(ReadOnlySpan<byte> text, int at)
    {
        int count = 0;
        while (at + count < text.Length && char.IsAsciiDigit((char)text[at + count]))
            count++;
        return count;
    }

    private static void Push(ulong digit, ref ulong pending, ref int count, ref ulong digits)
    {
        pending = pending * 10 + digit;
        if (++count == 15)
        {
            digits = StableHash.Pair(digits, pending);
            pending = 0;
            count = 0;
        }
    }

    private static long Exponent(ReadOnlySpan<byte> number, int at)
    {
        if (at >= number.Length)
            return 0;
        bool negative = number[at + 1] == '-';
        long exponent = 0;
        for (at += number[at + 1] is (byte)'-' or (byte)'+' ? 2 : 1; at < number.Length; at++)
            exponent = Math.Min(exponent * 10 + number[at] - '0', 1L << 50);
        return negative ? -exponent : exponent;
    }
}
