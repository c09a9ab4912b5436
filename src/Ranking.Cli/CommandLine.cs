using System.CommandLine;
using System.CommandLine.Parsing;
using Ranking.Cli.Commands;
using Ranking.Cli.Output;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;

namespace Ranking.Cli;

/// <summary>From arguments to an exit code: parse, read what is missing from the environment, run, say what failed.</summary>
public static class CommandLine
{
    /// <summary>Runs one command.</summary>
    /// <param name="arguments">As the process got them.</param>
    /// <returns>0 done, 1 failed, 2 wrong usage, 130 interrupted.</returns>
    public static async Task<int> Run(string[] arguments)
    {
        try { return await RunOnce(arguments); }
        catch (Exception e) // Commands report theirs; this is the parser's or the output's.
        {
            (ErrorCode error, string message) = Failures.Describe(e);
            Failure.Print(error, message, json: false, logAsJson: false);
            return 1;
        }
    }

    static async Task<int> RunOnce(string[] arguments)
    {
        ParseResult parsed = Parse(new RankingRoot(), arguments);
        if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true }) return Usage.Report(parsed, arguments);

        await using StreamWriter standardOutput = Terminal.OpenOutput();
        int code = await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = standardOutput });
        await standardOutput.FlushAsync();
        return code;
    }

    /// <summary>Parses the arguments, then once more with what the environment says of options that they lack.</summary>
    internal static ParseResult Parse(RankingRoot root, IReadOnlyList<string> arguments)
    {
        // No response files and no bundles: `--id @file` and `-abc` mean what they say.
        var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false };
        ParseResult first = CommandLineParser.Parse(root, arguments, configuration);
        IReadOnlyList<string> completed = EnvironmentOptions.Complete(first, arguments);
        return completed.Count == arguments.Count ? first : CommandLineParser.Parse(root, completed, configuration);
    }
}
