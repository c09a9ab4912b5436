using System.Globalization;
using Ranking.Features.Errors;
using Ranking.Models;

namespace Ranking.Training.Tuning;

/// <summary>What a search draws one setting from.</summary>
/// <param name="Path">The setting, as <c>--set</c> names it: <c>training.dense_rate</c>.</param>
/// <param name="Choices">The values to choose from; empty for a range of numbers.</param>
/// <param name="Low">Least number.</param>
/// <param name="High">Greatest number.</param>
/// <param name="Log">Whether the logarithm is drawn evenly.</param>
/// <param name="Integer">Whether whole numbers are drawn, <paramref name="High"/> included.</param>
public sealed record SearchRange(string Path, IReadOnlyList<string> Choices, double Low = 0, double High = 0, bool Log = false, bool Integer = false)
{
    /// <summary>Parses <c>path=a,b,c</c>, <c>path=1..4</c> (whole numbers), <c>path=0.0..0.4</c> and <c>path=1e-3..3e-2:log</c>.</summary>
    /// <exception cref="RankingException">It is none of these.</exception>
    public static SearchRange Parse(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || equals == text.Length - 1) throw Wrong(text);
        string path = text[..equals], values = text[(equals + 1)..];
        int dots = values.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0) return new SearchRange(path, values.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        bool log = values.EndsWith(":log", StringComparison.Ordinal);
        string low = values[..dots], high = log ? values[(dots + 2)..^4] : values[(dots + 2)..];
        if (!double.TryParse(low, NumberStyles.Float, CultureInfo.InvariantCulture, out double from) || !double.TryParse(high, NumberStyles.Float, CultureInfo.InvariantCulture, out double to)
            || !double.IsFinite(from) || !double.IsFinite(to) || from > to || (log && from <= 0)) throw Wrong(text);
        bool integer = long.TryParse(low, out _) && long.TryParse(high, out _);
        return new SearchRange(path, [], from, to, log, integer);
    }

    /// <summary>Draws a value, as text that <c>--set</c> takes. The draw depends on the seed, the trial and the path alone.</summary>
    public string Draw(ulong seed, int trial)
    {
        double u = (StableHash.Of(Path, StableHash.Mix(seed ^ StableHash.Mix((ulong)trial + 1))) >> 11) * (1.0 / (1UL << 53));
        if (Choices.Count > 0) return Choices[(int)(u * Choices.Count)];
        double high = Integer ? High + 1 : High;
        double value = Log ? Low * Math.Pow(high / Low, u) : Low + u * (high - Low);
        return Integer ? Math.Min(Math.Floor(value), High).ToString("0", CultureInfo.InvariantCulture) : value.ToString("g4", CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public override string ToString() => Choices.Count > 0
        ? $"{Path}={string.Join(',', Choices)}"
        : string.Create(CultureInfo.InvariantCulture, $"{Path}={Low}..{High}{(Integer ? "" : " real")}{(Log ? ":log" : "")}");

    static RankingException Wrong(string text) => new(ErrorCodes.WrongUsage,
        $"'{text}' is no range: expected path=a,b,c or path=low..high with numbers, low ≤ high, and ':log' after it for an even logarithm (low above 0).");
}
