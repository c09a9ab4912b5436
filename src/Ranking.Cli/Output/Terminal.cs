using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Ranking.Cli.Output;

/// <summary>
/// Standard output and error of one run. Results go to standard output, as text or JSON; everything else (logs, progress) goes to
/// standard error, so that a pipe or a script gets results alone.
/// </summary>
internal sealed class Terminal : IDisposable
{
    readonly StreamWriter output = OpenOutput();
    readonly Lazy<IAnsiConsole> text;

    /// <summary>Opens it.</summary>
    /// <param name="json">Whether results are JSON.</param>
    public Terminal(bool json)
    {
        Json = json;
        text = new(() => Console(output, System.Console.IsOutputRedirected));
        Errors = Console(System.Console.Error, System.Console.IsErrorRedirected);
    }

    /// <summary>Whether results are JSON.</summary>
    public bool Json { get; }

    /// <summary>Whether a result was written: a failure then writes no second object.</summary>
    public bool Written { get; private set; }

    /// <summary>Whether standard error is a person's terminal: progress is then drawn with bars.</summary>
    public bool Interactive { get; } = !System.Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb") && Environment.GetEnvironmentVariable("CI") is null;

    /// <summary>Standard error, for progress and logs.</summary>
    public IAnsiConsole Errors { get; }

    /// <summary>The result of a command: the object with <c>--json</c>, otherwise what <paramref name="write"/> draws.</summary>
    public void Result(object value, Action<IAnsiConsole> write)
    {
        if (Json) Line(value);
        else
        {
            Written = true;
            write(text.Value);
        }
        output.Flush();
    }

    /// <summary>One object of a stream: a line of JSON, whatever the options say.</summary>
    public void Line(object value)
    {
        Written = true;
        output.WriteLine(JsonSerializer.Serialize(value, Output.Json.Options));
    }

    /// <summary>One line of text that is already what shall be printed.</summary>
    public void Raw(ReadOnlySpan<char> line)
    {
        Written = true;
        output.WriteLine(line);
    }

    /// <summary>Writes out what is buffered.</summary>
    public void Flush() => output.Flush();

    /// <inheritdoc/>
    public void Dispose() => output.Dispose();

    /// <summary>Standard output as UTF-8 without a mark, buffered; not disposed with the process' own stream.</summary>
    public static StreamWriter OpenOutput() => new(System.Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };

    static IAnsiConsole Console(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new()
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected) console.Profile.Width = 200; // Not a terminal's 80 columns: a table in a file must not be wrapped.
        return console;
    }
}
