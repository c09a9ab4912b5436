using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Serving.Load;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking bench serve</c>: what a running ranker can take, as an open loop without coordinated omission.</summary>
internal sealed class BenchServeCommand : RankingCommand
{
    static readonly double[] Percentiles = [50, 90, 99, 99.9, 100];
    readonly Option<string> url = OptionFactory.Required("--url", "Address of a running ranker.", "URL"), requests = OptionFactory.Required("--requests", "JSON lines, each the body of one request; sent over and over.", "FILE"),
        path = OptionFactory.Choice("--path", "What is asked.", ["/v1/rank", "/v1/similar"], "/v1/rank");
    readonly Option<double?> rate = OptionFactory.Number("--rate", "Requests a second, on average, as a Poisson process; 100 by default.", 0.01, 999_999);
    readonly Option<TimeSpan?> duration = OptionFactory.Duration("--duration", "How long it is measured; 10 s by default."), warmUp = OptionFactory.Duration("--warm-up", "How long it is loaded before that; 2 s by default.");
    readonly Option<int> seed = OptionFactory.Integer("--seed", "Seed of the arrivals.", 1, 0, int.MaxValue);

    public BenchServeCommand() : base("serve", "Measure latency and throughput of a running ranker under an open load.", "ranking bench serve --url http://localhost:8080 --requests requests.jsonl --rate 200")
    {
        foreach (Option option in (Option[])[url, requests, path, rate, duration, warmUp, seed]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        ReadOnlyMemory<byte>[] bodies = [.. (await File.ReadAllLinesAsync(run.Get(requests), run.Stopping)).Where(l => l.Length > 0).Select(l => (ReadOnlyMemory<byte>)System.Text.Encoding.UTF8.GetBytes(l))];
        if (bodies.Length == 0) throw new RankingException(ErrorCodes.WrongUsage, $"--requests: {run.Get(requests)} holds no line");
        foreach ((int line, ReadOnlyMemory<byte> body) in bodies.Index())
        {
            try { using JsonDocument _ = JsonDocument.Parse(body); }
            catch (JsonException e) { throw new RankingException(ErrorCodes.WrongUsage, $"--requests: {run.Get(requests)}, request {line + 1}: {e.Message}", e); }
        }
        LoadSettings settings = new()
        {
            Url = new(RankerAddress.Parse(run.Get(url)), run.Get(path)),
            Rate = run.Get(rate) ?? 100,
            Duration = run.Get(duration) ?? TimeSpan.FromSeconds(10),
            WarmUp = run.Get(warmUp) ?? TimeSpan.FromSeconds(2),
            Seed = run.Get(seed),
        };
        LoadReport report = await Progress.Run(run.Terminal, async progress =>
        {
            using Progress.Step step = progress.Begin("load", 1);
            return await LoadGenerator.RunAsync(settings, bodies, new Shown(step), run.Stopping);
        });
        Dictionary<string, double> latency = Percentiles.ToDictionary(p => string.Create(CultureInfo.InvariantCulture, $"p{p}"), report.LatencyMs);
        run.Terminal.Result(new
        {
            offered = report.Offered,
            seconds = report.Seconds,
            throughput_per_s = report.Throughput,
            statuses = report.Statuses.ToDictionary(s => s.Key.ToString(CultureInfo.InvariantCulture), s => s.Value),
            latency_ms = latency,
            most_under_way = report.MostUnderWay,
        }, console =>
        {
            console.WriteLine(FormattableString.Invariant($"{report.Offered} requests offered in {report.Seconds:F1} s, {report.Throughput:F1} answers/s, at most {report.MostUnderWay} under way"));
            console.WriteLine("answers by status: " + string.Join(", ", report.Statuses.Select(s => $"{(s.Key == 0 ? "none" : s.Key.ToString(CultureInfo.InvariantCulture))} {s.Value}")));
            console.WriteLine("latency in ms: " + string.Join(", ", latency.Select(p => FormattableString.Invariant($"{p.Key} {p.Value:F2}"))));
        });
        return report.Statuses.Keys.Any(s => s is >= 200 and < 300) ? 0 : 1;
    }

    sealed class Shown(Progress.Step step) : IProgress<double>
    {
        public void Report(double value) => step.Report(value);
    }
}
