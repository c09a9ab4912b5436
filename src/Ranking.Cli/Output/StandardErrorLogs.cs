using System.Text.Json;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Ranking.Cli.Output;

/// <summary>
/// Logs as lines on standard error, text or JSON. Written through the terminal that draws the progress bars: the console logger of
/// Microsoft.Extensions.Logging writes beside them and tears them apart.
/// </summary>
/// <param name="terminal">Where lines go.</param>
/// <param name="asJson">One JSON object a line instead of text.</param>
/// <param name="stacks">Whether stacks of exceptions are shown.</param>
internal sealed class StandardErrorLogs(Terminal terminal, bool asJson, bool stacks) : ILoggerProvider
{
    static readonly Lock Gate = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Lines(this, categoryName);

    /// <inheritdoc/>
    public void Dispose() { }

    void Write(LogLevel level, string category, string message, Exception? exception)
    {
        string? cause = exception is null ? null : stacks ? exception.ToString() : exception.Message;
        string line = asJson
            ? JsonSerializer.Serialize(new { time = DateTimeOffset.UtcNow, level = Name(level), category, message, cause }, Json.Options)
            : $"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {Name(level)} {message}{(cause is null ? "" : ": " + cause)}";
        lock (Gate)
        {
            if (terminal.Interactive) terminal.Errors.WriteLine(line);
            else Console.Error.WriteLine(line);
        }
    }

    static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    sealed class Lines(StandardErrorLogs owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            owner.Write(logLevel, category, formatter(state, exception), exception);
    }
}
