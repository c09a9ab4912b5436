using System.CommandLine;

namespace Ranking.Cli.Parsing;

/// <summary>Options that several commands share, so that they read and say the same everywhere.</summary>
internal static class CommonOptions
{
    /// <summary>JSON on standard output.</summary>
    public static Option<bool> Json { get; } = Recursive(OptionFactory.Flag("--json", "Write results as JSON on standard output."));

    /// <summary>What is logged.</summary>
    public static Option<string> LogLevel { get; } = Recursive(OptionFactory.Choice("--log-level", "What to log on standard error.", ["debug", "info", "warning", "error", "none"], "info"));

    /// <summary>How logs are written.</summary>
    public static Option<string> LogFormat { get; } = Recursive(OptionFactory.Choice("--log-format", "How to log.", ["text", "json"], "text"));

    /// <summary>Prefix of topics, groups and keys.</summary>
    public static Option<string?> Namespace { get; } = Recursive(OptionFactory.Text("--namespace", "Prefix of topics, groups and Redis keys; the spec's name by default.", "NAME",
        NameMistake));

    /// <summary>What is wrong with a name that becomes part of topics, groups and folders; null: nothing.</summary>
    public static string? NameMistake(string name) =>
        name.Length <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? null : "up to 64 letters, digits, '-', '_' and '.' are expected";

    static T Recursive<T>(T option) where T : Option
    {
        option.Recursive = true;
        return option;
    }
}
