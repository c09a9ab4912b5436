using System.Globalization;
using System.Text.RegularExpressions;

namespace Ranking.Streams.Contracts;

/// <summary>Event times as other people's producers write them.</summary>
static partial class EventTime
{
    /// <summary>What is expected, for a message.</summary>
    public const string Expected = "ISO 8601 with an offset, or milliseconds since 1970 UTC, was expected";

    /// <summary>Milliseconds of an ISO 8601 text with an offset; null for anything else.</summary>
    public static long? Parse(string text) =>
        Form().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) ? time.ToUnixTimeMilliseconds() : null;

    [GeneratedRegex(@"T.+(Z|[+-]\d\d:?\d\d)$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
