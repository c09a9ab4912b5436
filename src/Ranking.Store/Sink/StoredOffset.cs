using System.Globalization;

namespace Ranking.Store.Sink;

/// <summary>
/// Value of an offset key, <c>offset/partitions/seconds</c> or <c>offset/partitions/seconds/greatest</c>: the last applied offset, the partition count of the topic that it belongs to
/// (under another count it means nothing), the Unix seconds of writing, by which a sink knows that tombstones may be gone, and the
/// greatest event time of the records up to there, in milliseconds, where the sink minds event times.
/// </summary>
readonly record struct StoredOffset(long Offset, int Partitions, long UnixSeconds, long GreatestMs = long.MinValue)
{
    public override string ToString() => GreatestMs == long.MinValue
        ? string.Create(CultureInfo.InvariantCulture, $"{Offset}/{Partitions}/{UnixSeconds}")
        : string.Create(CultureInfo.InvariantCulture, $"{Offset}/{Partitions}/{UnixSeconds}/{GreatestMs}");

    public static bool TryParse(string? text, out StoredOffset stored)
    {
        stored = default;
        if (text?.Split('/') is not [string offset, string partitions, string seconds, .. string[] greatest] || greatest.Length > 1) return false;
        if (!long.TryParse(offset, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long o) || o < -1) return false;
        if (!int.TryParse(partitions, NumberStyles.None, CultureInfo.InvariantCulture, out int p)) return false;
        if (!long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out long s)) return false;
        long g = long.MinValue;
        if (greatest is [string text4] && !long.TryParse(text4, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out g)) return false;
        stored = new StoredOffset(o, p, s, g);
        return true;
    }
}
