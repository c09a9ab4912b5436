using System.Globalization;
using System.Text.RegularExpressions;

namespace Ranking.Cli.Parsing;

/// <summary>Instants and lengths of time as people write them on a command line.</summary>
internal static partial class Instants
{
    /// <summary>ISO 8601 with Z or an offset; null for anything else, since a time without one means another instant on each machine.</summary>
    public static DateTimeOffset? Parse(string text) =>
        Form().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset instant) ? instant : null;

    /// <summary>A number of seconds, or with ms, s, m, h or d; null for anything else.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        Match match = DurationForm().Match(text);
        if (!match.Success || !double.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) return null;
        double seconds = number * match.Groups[2].Value switch { "ms" => 0.001, "m" => 60, "h" => 3600, "d" => 86400, _ => 1 };
        return seconds <= 36500 * 86400.0 ? TimeSpan.FromSeconds(seconds) : null;
    }

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?(Z|[+-]\d{2}:\d{2})$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)?$", RegexOptions.CultureInvariant)]
    private static partial Regex DurationForm();
}
