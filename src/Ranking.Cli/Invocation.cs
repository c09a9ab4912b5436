using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Ranking.Cli.Parsing;
using Ranking.Cli.Commands;
using Ranking.Cli.Output;
using Ranking.Features.Errors;

namespace Ranking.Cli;

/// <summary>One run of a command: its arguments, where it writes, its logs, its temporary folder, and the signal that ends it.</summary>
internal sealed class Invocation : IDisposable
{
    const int Interrupted = 130;
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);
    readonly ParseResult parsed;
    readonly CancellationTokenSource stopping = new();
    readonly List<PosixSignalRegistration> signals = [];
    TemporaryFolder? temporary;

    Invocation(ParseResult parsed)
    {
        this.parsed = parsed;
        Terminal = new(parsed.GetValue(CommonOptions.Json));
        LogLevel = parsed.GetValue(CommonOptions.LogLevel) switch
        {
            "debug" => LogLevel.Debug,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            "none" => LogLevel.None,
            _ => LogLevel.Information,
        };
        LogsAsJson = parsed.GetValue(CommonOptions.LogFormat) == "json";
        Logs = LoggerFactory.Create(AddLogs);
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
            signals.Add(PosixSignalRegistration.Create(signal, Stop));
    }

    /// <summary>Where results, logs and progress go.</summary>
    public Terminal Terminal { get; }

    /// <summary>Makes loggers that write to standard error.</summary>
    public ILoggerFactory Logs { get; }

    /// <summary>What is logged.</summary>
    public LogLevel LogLevel { get; }

    /// <summary>Whether logs are JSON.</summary>
    public bool LogsAsJson { get; }

    /// <summary>Fires on Ctrl-C and SIGTERM.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>The folder for temporary files, made on first use, gone at exit.</summary>
    public string TemporaryFolder => (temporary ??= new()).Path;

    /// <summary>An option's value.</summary>
    public T Get<T>(Option<T> option) => parsed.GetValue(option)!;

    /// <summary>An argument's value.</summary>
    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>Whether the command line or the environment gave the option.</summary>
    public bool Has(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Has a host log as this run does.</summary>
    public void AddLogs(ILoggingBuilder logging) => logging
        .SetMinimumLevel(LogLevel)
        .AddFilter("Microsoft", LogLevel > LogLevel.Debug ? (LogLevel)Math.Max((int)LogLevel, (int)LogLevel.Warning) : LogLevel)
        .AddProvider(new StandardErrorLogs(Terminal, LogsAsJson, stacks: LogLevel <= LogLevel.Debug));

    /// <summary>Runs a command from its arguments to its exit code.</summary>
    public static async Task<int> Run(RankingCommand command, ParseResult parsed)
    {
        using var run = new Invocation(parsed);
        try
        {
            int code = await command.RunAsync(run);
            run.Terminal.Flush();
            return code;
        }
        catch (Exception e) when (run.Stopping.IsCancellationRequested && Failures.Root(e) is OperationCanceledException)
        {
            run.Terminal.Flush();
            return command.IsServer ? 0 : Interrupted;
        }
        catch (Exception e)
        {
            (ErrorCode error, string message) = Failures.Describe(e);
            if (run.LogLevel <= LogLevel.Debug) await Console.Error.WriteLineAsync(e.ToString());
            Failure.Print(error, message, run.Terminal is { Json: true, Written: false } && !command.Streams, run.LogsAsJson);
            return error == ErrorCodes.WrongUsage ? Usage.ExitCode : 1;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        temporary?.Dispose();
        Logs.Dispose();
        try { Terminal.Dispose(); }
        catch (IOException) { } // Reported when it was flushed.
        stopping.Dispose();
    }

    /// <summary>Whoever stops a program waits only so long.</summary>
    async Task EndAnyway()
    {
        await Task.Delay(Grace).ConfigureAwait(false);
        temporary?.Dispose();
        Environment.Exit(Interrupted);
    }

    void Stop(PosixSignalContext context)
    {
        // The first one asks, the second one ends at once: the default action, since it is not cancelled.
        if (stopping.IsCancellationRequested)
        {
            temporary?.Dispose();
            return;
        }
        context.Cancel = true;
        _ = EndAnyway();
        stopping.Cancel();
    }
}
