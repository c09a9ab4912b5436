using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Ranking.Cli.Tests.Running;

/// <summary>The built executable as a child process, as a script runs it.</summary>
sealed class RankingProcess : IDisposable
{
    readonly Process process;
    readonly StringBuilder output = new(), errors = new();
    readonly TaskCompletionSource outputEnded = new(), errorsEnded = new();

    RankingProcess(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "ranking"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach (string variable in start.Environment.Keys.Where(k => k.StartsWith("RANKING_", StringComparison.Ordinal) && k != "RANKING_LIBTORCH").ToArray()) start.Environment.Remove(variable);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        process = new() { StartInfo = start };
        process.OutputDataReceived += (_, e) => Collect(output, e.Data, outputEnded);
        process.ErrorDataReceived += (_, e) => Collect(errors, e.Data, errorsEnded);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it wrote to standard output so far.</summary>
    public string Output { get { lock (output) return output.ToString(); } }

    /// <summary>What it wrote to standard error so far.</summary>
    public string Errors { get { lock (errors) return errors.ToString(); } }

    /// <summary>Starts it and goes on.</summary>
    public static RankingProcess Start(string[] arguments, IReadOnlyDictionary<string, string>? environment = null) => new(arguments, environment);

    /// <summary>Runs it to its end.</summary>
    public static async Task<Result> Run(string[] arguments, IReadOnlyDictionary<string, string>? environment = null, string? input = null, int timeoutSeconds = 120)
    {
        using var running = new RankingProcess(arguments, environment);
        if (input is not null) await running.process.StandardInput.WriteAsync(input);
        running.process.StandardInput.Close();
        return await running.Exit(timeoutSeconds);
    }

    /// <summary>Sends a signal by name, such as TERM.</summary>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits until standard error or output holds a text.</summary>
    public async Task WaitFor(string text, int timeoutSeconds = 60)
    {
        var watch = Stopwatch.StartNew();
        while (!Errors.Contains(text, StringComparison.Ordinal) && !Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(watch.Elapsed.TotalSeconds < timeoutSeconds && !process.HasExited, $"never said '{text}'\n{Output}\n{Errors}");
            await Task.Delay(50);
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<Result> Exit(int timeoutSeconds = 60)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(timeoutSeconds));
        await process.WaitForExitAsync(timeout.Token);
        await Task.WhenAll(outputEnded.Task, errorsEnded.Task).WaitAsync(timeout.Token);
        return new(process.ExitCode, Output, Errors);
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    static void Collect(StringBuilder text, string? line, TaskCompletionSource ended)
    {
        if (line is null) ended.TrySetResult();
        else lock (text) text.Append(line).Append('\n');
    }

    /// <summary>How it ended.</summary>
    public sealed record Result(int Code, string Output, string Errors)
    {
        /// <summary>Standard output as exactly one JSON object on one line.</summary>
        public JsonElement Json()
        {
            string line = Assert.Single(Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            using JsonDocument document = JsonDocument.Parse(line);
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
            return document.RootElement.Clone();
        }

        /// <summary>The single line of an error on standard error.</summary>
        public string ErrorLine() => Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
