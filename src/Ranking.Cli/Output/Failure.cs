using System.Text.Json;
using Ranking.Features.Errors;

namespace Ranking.Cli.Output;

/// <summary>How a failure is shown: one line on standard error and, with <c>--json</c>, one object on standard output.</summary>
internal static class Failure
{
    /// <summary>Prints a failure.</summary>
    /// <param name="error">Kind of failure.</param>
    /// <param name="message">What was found and expected; line breaks become spaces.</param>
    /// <param name="json">Whether standard output gets <c>{"error":{…}}</c>, which needs that nothing else was written there.</param>
    /// <param name="logAsJson">Whether the line on standard error is JSON.</param>
    public static void Print(ErrorCode error, string message, bool json, bool logAsJson)
    {
        string line = string.Join(' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        var fields = new { error = new { code = error.Code, title = error.Title, message = line } };
        if (logAsJson) Console.Error.WriteLine(JsonSerializer.Serialize(new { time = DateTimeOffset.UtcNow, level = "error", code = error.Code, message = line }, Json.Options));
        else Console.Error.WriteLine($"ranking: {error.Code} {error.Title}: {line}");
        if (json)
        {
            using var output = Terminal.OpenOutput();
            output.WriteLine(JsonSerializer.Serialize(fields, Json.Options));
        }
    }
}
