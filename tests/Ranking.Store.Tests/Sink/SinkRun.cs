using System.Diagnostics;
using Ranking.Features.Errors;
using Ranking.Store.Sink;
using StackExchange.Redis;

namespace Ranking.Store.Tests;

/// <summary>A sink loop that runs beside the test until it is disposed.</summary>
sealed class SinkRun : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly Task _loop;

    public SinkRun(StoreConnection store, MemoryLog.Reader source, bool? scripts = null, TimeProvider? clock = null)
    {
        SinkOptions options = new()
        {
            BatchTime = TimeSpan.FromMilliseconds(20),
            LookEvery = TimeSpan.FromMilliseconds(100),
            MoveUpEvery = TimeSpan.FromMilliseconds(300),
            UseScripts = scripts,
            BatchSize = 50,
            Clock = clock ?? TimeProvider.System,
        };
        Sink = new RowSink(store, options);
        _loop = Task.Run(() => new SinkLoop<RowChange>(source, Sink).RunAsync(_stop.Token));
    }

    public RowSink Sink { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    /// <summary>Waits until Redis holds the log's last rows and nothing else.</summary>
    public static Task UntilWholeAsync(StoreConnection store, MemoryLog log, double seconds = 30) => UntilWholeAsync(store, log.LastRows, seconds);

    /// <summary>Waits until Redis holds these rows and nothing else.</summary>
    public static async Task UntilWholeAsync(StoreConnection store, Func<Dictionary<(string, string), byte[]>> rows, double seconds)
    {
        Stopwatch clock = Stopwatch.StartNew();
        string differences = "";
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            try
            {
                differences = await DifferencesAsync(store, rows());
                if (differences.Length == 0) return;
            }
            catch (Exception e) when (StoreConnection.IsServerFault(e) || e is RankingException)
            {
                differences = e.Message;
            }
            await Task.Delay(20);
        }
        Assert.Fail($"after {seconds} s the rows are not those of the log: {differences}");
    }

    static async Task<string> DifferencesAsync(StoreConnection store, Dictionary<(string, string), byte[]> expected)
    {
        HashSet<(string, string)> found = [];
        List<string> wrong = [];
        if (!store.IsConnected) return "no connection"; // no server would look like no keys
        await foreach (RedisKey key in store.ScanAsync(store.Keys.TaggedPattern))
        {
            if (!store.Keys.TryParseRow(key!, out _, out string kind, out string id) || !found.Add((kind, id))) continue;
            byte[]? value = await store.Database.StringGetAsync(key);
            if (value is null || !expected.TryGetValue((kind, id), out byte[]? right)) wrong.Add($"surplus {key}");
            else if (!right.AsSpan().SequenceEqual(value)) wrong.Add($"stale {key}");
        }
        wrong.AddRange(expected.Keys.Where(k => !found.Contains(k)).Select(k => $"missing {k}"));
        return wrong.Count == 0 ? "" : $"{wrong.Count}, such as {string.Join(", ", wrong.Take(5))}; {found.Count} found, {expected.Count} expected";
    }
}
