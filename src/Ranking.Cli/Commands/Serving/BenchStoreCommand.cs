using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using HdrHistogram;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Store;
using Ranking.Store.Rows;
using Spectre.Console;
using Progress = Ranking.Cli.Output.Progress;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking bench store</c>: how long the one trip of a request takes, to a Redis as it is, by one caller after another.</summary>
internal sealed class BenchStoreCommand : RankingCommand
{
    static readonly double[] Percentiles = [50, 90, 99, 99.9, 100];
    readonly Option<string?> redis = RedisAddress.Option();
    readonly Option<int> rows = OptionFactory.Integer("--rows", "Rows of one fetch: the candidates of a request.", 200, 1, 10_000), bytes = OptionFactory.Integer("--bytes", "Bytes of a row.", 600, 1, 1 << 20);
    readonly Option<TimeSpan?> duration = OptionFactory.Duration("--duration", "How long it is measured; 5 s by default.");

    public BenchStoreCommand() : base("store", "Measure the time to fetch a request's rows from Redis, in a namespace of its own that is deleted afterwards.", "ranking bench store --redis localhost:6379 --rows 500")
    {
        redis.Required = true;
        foreach (Option option in (Option[])[redis, rows, bytes, duration]) Add(option);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        // Never the given namespace itself, whose rows somebody ranks from; its prefix, for access lists that allow no other keys.
        string name = $"{(run.Get(CommonOptions.Namespace) is { } prefix ? prefix + "." : "")}bench-{Guid.NewGuid():n}";
        await using StoreConnection store = await StoreConnection.ConnectAsync(RedisAddress.Store(run.Get(redis)!, name));
        EntityKey[] keys = [.. Enumerable.Range(0, run.Get(rows)).Select(i => new EntityKey("item", i.ToString(CultureInfo.InvariantCulture)))];
        LongHistogram histogram = new(TimeSpan.TicksPerMinute, 3);
        try
        {
            byte[] row = new byte[run.Get(bytes)];
            new Random(1).NextBytes(row);
            // The time to live is for a run that is killed.
            await Task.WhenAll(keys.Select(k => store.Database.StringSetAsync(store.Keys.Row(k.Kind, k.Id), row, TimeSpan.FromMinutes(30))));
            await Progress.Run(run.Terminal, async progress =>
            {
                using Progress.Step step = progress.Begin("fetch");
                await FetchAsync(new RowStore(store, new() { Timeout = TimeSpan.FromSeconds(30) }), keys, run.Get(duration) ?? TimeSpan.FromSeconds(5), histogram, run.Stopping);
                return 0;
            });
        }
        finally
        {
            await Task.WhenAll(keys.Select(k => store.Database.KeyDeleteAsync(store.Keys.Row(k.Kind, k.Id))));
        }
        Dictionary<string, double> latency = Percentiles.ToDictionary(p => string.Create(CultureInfo.InvariantCulture, $"p{p}"), p => histogram.GetValueAtPercentile(p) / (double)TimeSpan.TicksPerMillisecond);
        run.Terminal.Result(new { fetches = histogram.TotalCount, rows = keys.Length, bytes = run.Get(bytes), latency_ms = latency },
            console => console.WriteLine($"{histogram.TotalCount} fetches of {keys.Length} rows of {run.Get(bytes)} bytes, in ms: " + string.Join(", ", latency.Select(p => FormattableString.Invariant($"{p.Key} {p.Value:F2}")))));
        return 0;
    }

    static async Task FetchAsync(RowStore store, EntityKey[] keys, TimeSpan time, LongHistogram histogram, CancellationToken stopping)
    {
        for (int i = 0; i < 50; i++) await store.FetchAsync(keys, stopping); // warms it up
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            long sent = Stopwatch.GetTimestamp();
            using FetchedRows fetched = await store.FetchAsync(keys, stopping);
            histogram.RecordValue(Math.Min(Stopwatch.GetElapsedTime(sent).Ticks, TimeSpan.TicksPerMinute));
            if (fetched.Failure is { } failure) throw failure;
            if (Enumerable.Range(0, keys.Length).Any(i => !fetched.TryGetRow(i, out _))) throw new RankingException(ErrorCodes.StoredValueDamaged, "a row that was written a moment ago is gone: does Redis evict keys?");
        }
    }
}
