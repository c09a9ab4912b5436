using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Ranking.Cli.Parsing;

/// <summary>Makes options whose mistakes are said in the user's words: the option, the value, what was expected.</summary>
internal static class OptionFactory
{
    /// <summary>A switch.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.ZeroOrOne };

    /// <summary>Any text that is not empty; <paramref name="mistake"/> says what else is expected of it, or null where nothing is wrong.</summary>
    public static Option<string?> Text(string name, string description, string value, Func<string, string?>? mistake = null) => With(new Option<string?>(name), description, value, null, result =>
    {
        string? text = ParseText(result, name);
        if (text is { Length: > 0 } && mistake?.Invoke(text) is { } expected) result.AddError($"{name}: {Usage.Quote(text)} is none; {expected}");
        return text;
    });

    /// <summary>Any text that is not empty, without which the command does not run.</summary>
    public static Option<string> Required(string name, string description, string value)
    {
        Option<string> option = With(new Option<string>(name), description, value, null, result => ParseText(result, name)!);
        option.Required = true;
        return option;
    }

    /// <summary>Several texts, after one name or several.</summary>
    public static Option<string[]> Texts(string name, string description, string value)
    {
        Option<string[]> option = new(name) { Description = description, HelpName = value, AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(t => t.Value.Length == 0)) result.AddError($"{name}: an empty value; {value} is expected");
        });
        return option;
    }

    /// <summary>A whole number within bounds.</summary>
    public static Option<int> Integer(string name, string description, int fallback, int least, int most) => With(new Option<int>(name), description, "N", _ => fallback,
        result => Parse(result, name, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"),
            text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : (int?)null));

    /// <summary>A whole number of 64 bits without a sign.</summary>
    public static Option<ulong> Seed(string name, string description, ulong fallback) => With(new Option<ulong>(name), description, "N", _ => fallback,
        result => Parse(result, name, "a whole number from 0 to 18446744073709551615",
            text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : (ulong?)null));

    /// <summary>A number within bounds, or nothing.</summary>
    public static Option<double?> Number(string name, string description, double least, double most) => With(new Option<double?>(name), description, "X", null,
        result => Parse<double>(result, name, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"),
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= least && number <= most ? number : null));

    /// <summary>One of several words.</summary>
    public static Option<string> Choice(string name, string description, IReadOnlyList<string> words, string fallback)
    {
        Option<string> option = With(new Option<string>(name), description, string.Join('|', words), _ => fallback, result =>
        {
            string text = result.Tokens[0].Value;
            if (words.Contains(text)) return text;
            string? nearest = NearestName.Of(text, words);
            result.AddError($"{name}: {Usage.Quote(text)} is not one of {string.Join(", ", words)}" + (nearest is null ? "" : $"; did you mean {nearest}?"));
            return fallback;
        });
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. words]);
        return option;
    }

    /// <summary>An instant of ISO 8601 with its offset.</summary>
    public static Option<DateTimeOffset?> Instant(string name, string description) => With(new Option<DateTimeOffset?>(name), description, "T", null,
        result => Parse<DateTimeOffset>(result, name, "an ISO 8601 instant with offset, such as 2022-05-05T00:00:00+08:00", Instants.Parse));

    /// <summary>A length of time: seconds, or a number with ms, s, m, h or d.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => With(new Option<TimeSpan?>(name), description, "D", null,
        result => Parse<TimeSpan>(result, name, "seconds, or a number with ms, s, m, h or d, such as 30 or 5m", Instants.ParseDuration));

    static Option<T> With<T>(Option<T> option, string description, string value, Func<ArgumentResult, T>? fallback, Func<ArgumentResult, T> parse)
    {
        option.Description = description;
        option.HelpName = value;
        option.DefaultValueFactory = fallback;
        option.CustomParser = parse;
        return option;
    }

    static string? ParseText(ArgumentResult result, string name)
    {
        string text = result.Tokens[0].Value;
        if (text.Length == 0) result.AddError($"{name}: an empty value; text is expected");
        else if (text.Contains('\0', StringComparison.Ordinal)) result.AddError($"{name}: {Usage.Quote(text)} holds a zero character");
        return text;
    }

    static T Parse<T>(ArgumentResult result, string name, string expected, Func<string, T?> parse) where T : struct
    {
        string text = result.Tokens[0].Value;
        if (parse(text) is { } value) return value;
        result.AddError($"{name}: {Usage.Quote(text)} is not {expected}");
        return default;
    }
}
