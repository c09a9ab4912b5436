using System.Globalization;
using System.IO.Hashing;

namespace Ranking.Store.Vectors;

/// <summary>Which document of an entity a vector set knows: its event time, and a hash of its bytes, null where the latest deletes it.</summary>
readonly record struct DocumentStamp(long TimeMs, ulong? Hash)
{
    /// <summary>Before any document.</summary>
    public static readonly DocumentStamp None = new(long.MinValue, null);

    public static DocumentStamp Of(long timeMs, byte[]? json) => new(timeMs, json is null ? null : XxHash3.HashToUInt64(json));

    /// <summary>Whether it stands against what is known: of one instant's different documents the first one stays, as in the rows.</summary>
    public bool StandsAgainst(DocumentStamp known) => TimeMs > known.TimeMs || this == known;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{TimeMs}/{Hash:x16}");

    public static DocumentStamp? Parse(string? text)
    {
        int slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        return slash > 0 && long.TryParse(text.AsSpan(0, slash), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long time)
            && ulong.TryParse(text.AsSpan(slash + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hash)
            ? new DocumentStamp(time, hash)
            : null;
    }
}
