using System.CommandLine;
using System.CommandLine.Parsing;
using Ranking.Cli.Output;
using Ranking.Features.Errors;

namespace Ranking.Cli.Parsing;

/// <summary>Wrong usage: one line that names the argument, the nearest name where it was misspelt, and where help is.</summary>
internal static class Usage
{
    /// <summary>The exit code of wrong usage.</summary>
    public const int ExitCode = 2;

    /// <summary>Prints the first mistake.</summary>
    public static int Report(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        string path = string.Join(' ', Path(parsed.CommandResult));
        // A misspelt name is the cause of whatever else is missing.
        string message = parsed.UnmatchedTokens.Count > 0 ? Unmatched(parsed, parsed.UnmatchedTokens[0]) : Describe(parsed.Errors[0]) + Source(parsed.Errors[0], arguments);
        bool json = arguments.Contains("--json") || Environment.GetEnvironmentVariable(EnvironmentOptions.Variable(CommonOptions.Json)) is "true" or "1";
        Failure.Print(ErrorCodes.WrongUsage, $"{message} (see: {path} --help)", json, logAsJson: false);
        return ExitCode;
    }

    static string Unmatched(ParseResult parsed, string token)
    {
        string name = token.Split('=', 2)[0];
        Command command = parsed.CommandResult.Command;
        IEnumerable<string> known = name.StartsWith('-')
            ? Ancestors(parsed.CommandResult).SelectMany(c => c.Options.Where(o => c == command || o.Recursive)).SelectMany(o => o.Aliases.Prepend(o.Name))
            : command.Subcommands.Select(c => c.Name);
        string kind = name.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        string? nearest = NearestName.Of(name, known);
        return $"unknown {kind} {Quote(name)}" + (nearest is null ? "" : $"; did you mean {nearest}?");
    }

    static string Describe(ParseError error)
    {
        string message = error.Message.ReplaceLineEndings(" ").TrimEnd('.');
        return error.SymbolResult is CommandResult { Command: { Subcommands.Count: > 0 } command }
            ? $"{(command is RootCommand ? "a command" : $"a command of {command.Name}")} is expected: {string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}"
            : message;
    }

    /// <summary>Names the variable where the environment gave the value.</summary>
    static string Source(ParseError error, IReadOnlyList<string> arguments)
    {
        for (SymbolResult? at = error.SymbolResult; at is not null; at = at.Parent)
        {
            if (at is not OptionResult { Implicit: false, Option: var option }) continue;
            bool typed = arguments.Any(a => option.Aliases.Prepend(option.Name).Contains(a.Split('=', 2)[0]));
            return typed ? "" : $" (from {EnvironmentOptions.Variable(option)})";
        }
        return "";
    }

    /// <summary>The text in quotes, cut, with control characters escaped: an argument must not write to the terminal.</summary>
    public static string Quote(string text)
    {
        string shown = text.Length > 80 ? text[..80] + "…" : text;
        return "'" + string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : c.ToString())) + "'";
    }

    static IEnumerable<string> Path(CommandResult command) => Ancestors(command).Reverse().Select(c => c is RootCommand ? "ranking" : c.Name);

    static IEnumerable<Command> Ancestors(CommandResult command)
    {
        for (CommandResult? at = command; at is not null; at = at.Parent as CommandResult) yield return at.Command;
    }
}
