namespace Ranking.Mbat;

/// <summary>Dates at the start of strings: <c>2024-05-01</c>, alone or followed by a time and an offset.</summary>
internal static class IsoDate
{
    /// <summary>Seconds since 1970-01-01T00:00Z; a time without offset counts as UTC.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        if (text.Length < 10 || text[4] != '-' || text[7] != '-'
            || !Digits(text, 0, 4, out int year) || !Digits(text, 5, 2, out int month) || !Digits(text, 8, 2, out int day)
            || year == 0 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        if (text.Length > 10 && text[10] is not ((byte)'T' or (byte)'t' or (byte)' '))
            return false;
        seconds = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        if (text.Length < 16 || text[13] != ':' || !Digits(text, 11, 2, out int hour) || !Digits(text, 14, 2, out int minute) || hour > 23 || minute > 59)
            return true;
        seconds += hour * 3600 + minute * 60;
        int at = 16;
        if (text.Length >= 19 && text[16] == ':' && Digits(text, 17, 2, out int second))
        {
            seconds += second;
            at = 19;
        }
        while (at < text.Length && (text[at] == '.' || char.IsAsciiDigit((char)text[at])))
            at++;
        if (at + 6 <= text.Length && text[at] is (byte)'+' or (byte)'-' && Digits(text, at + 1, 2, out int hours) && Digits(text, at + 4, 2, out int minutes))
            seconds -= (text[at] == '+' ? 60 : -60) * (60 * hours + minutes);
        return true;
    }

    /// <summary>
    /// A vector in which times are similar on three scales, two years, 60 days and one day, a third of the blocks each:
    /// a block is drawn anew for each cell of a grid of that width, and each block's grid starts elsewhere, so that the
    /// cosine falls in a straight line over the width (random binning, Rahimi and Recht 2007).
    /// </summary>
    public static void Draw(long seconds, ulong seed, Span<ulong> bits)
    {
        ReadOnlySpan<long> widths = [2 * 365 * 86400L, 60 * 86400L, 86400L];
        for (int block = 0; block < 4 * bits.Length; block++)
        {
            ulong random = StableHash.Stream(seed, block);
            long width = widths[block % 3];
            long shifted = seconds + (long)(random % (ulong)width);
            long cell = shifted / width - (shifted % width < 0 ? 1 : 0);
            int at = 16 * (block & 3);
            bits[block >> 2] = (bits[block >> 2] & ~(0xFFFFUL << at)) | (StableHash.Pair(random, (ulong)cell) & 0xFFFF) << at;
        }
    }

    private static bool Digits(ReadOnlySpan<byte> text, int start, int count, out int value)
    {
        value = 0;
        for (int i = start; i < start + count; i++)
        {
            if (i >= text.Length || !char.IsAsciiDigit((char)text[i]))
                return false;
            value = 10 * value + text[i] - '0';
        }
        return true;
    }
}
