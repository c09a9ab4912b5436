using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Ranking.Cli.Parsing;

/// <summary>Every option also reads <c>RANKING_&lt;OPTION&gt;</c>: <c>--kafka-config</c> is <c>RANKING_KAFKA_CONFIG</c>. What the command line says wins.</summary>
internal static class EnvironmentOptions
{
    /// <summary>The variable of an option.</summary>
    public static string Variable(Option option) => "RANKING_" + option.Name.TrimStart('-').Replace('-', '_').ToUpperInvariant();

    /// <summary>The arguments, followed by <c>--option=value</c> for each option of the command that they lack and the environment has.</summary>
    public static IReadOnlyList<string> Complete(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        List<string> added = [];
        foreach (Option option in OptionsOf(parsed.CommandResult))
        {
            if (option is HelpOption or VersionOption || parsed.GetResult(option) is { Implicit: false }) continue;
            if (option is IAlternative { Others: var others } && others.Any(o => parsed.GetResult(o) is { Implicit: false })) continue;
            if (Environment.GetEnvironmentVariable(Variable(option)) is not { Length: > 0 } text) continue;
            if (option.ValueType == typeof(bool)) text = text.ToLowerInvariant() switch { "1" or "yes" => "true", "0" or "no" => "false", var other => other };
            IEnumerable<string> values = option.Arity.MaximumNumberOfValues > 1 ? text.Split(',', StringSplitOptions.RemoveEmptyEntries) : [text];
            added.AddRange(values.Select(value => $"{option.Name}={value}"));
        }
        if (added.Count == 0) return arguments;
        int end = arguments.ToList().IndexOf("--"); // What follows `--` is never an option.
        return end < 0 ? [.. arguments, .. added] : [.. arguments.Take(end), .. added, .. arguments.Skip(end)];
    }

    static IEnumerable<Option> OptionsOf(CommandResult command)
    {
        for (CommandResult? at = command; at is not null; at = at.Parent as CommandResult)
        {
            foreach (Option option in at.Command.Options)
                if (at == command || option.Recursive) yield return option;
        }
    }
}

/// <summary>An option that excludes others: where one of them is on the command line, the environment does not give this one.</summary>
internal interface IAlternative
{
    /// <summary>The options that it excludes.</summary>
    IReadOnlyList<Option> Others { get; }
}
