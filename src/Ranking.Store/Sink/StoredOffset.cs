using System.Globalization;

namespace Ranking.Store.Sink;

/// <summary>
/// Value of an offset key, <c>offset/partitions/seconds</c>: the last applied offset, the partition count of the topic that it belongs to
/// (under another count it means nothing), and the Unix seconds of writing, by which a sink knows that tombstones may be gone.
/// </summary>
readonly record struct StoredOffset(long Offset, int Partitions, long UnixSeconds)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Offset}/{Partitions}/{UnixSeconds}");

    public static bool TryParse(string? text, out StoredOffset stored)
    {
        stored = default;
        if (text?.Split('/') is not [string offset, string partitions, string seconds]) return false;
        if (!long.TryParse(offset, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long o) || o < -1) return false;
        if (!int.TryParse(partitions, NumberStyles.None, CultureInfo.InvariantCulture, out int p)) return false;
        if (!long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out long s)) return false;
        stored = new StoredOffset(o, p, s);
        return true;
    }
}
