using BenchmarkDotNet.Attributes;
using Ranking.Store;
using Ranking.Store.Embedded;
using Ranking.Store.Rows;

namespace Ranking.Benchmarks;

/// <summary>
/// The rows of 500 videos and a user in one trip, over the loopback address, from the embedded Redis and from the one that
/// RANKING_TEST_REDIS7 names; beside it a PING, which is the trip alone.
/// </summary>
public class FetchBenchmarks
{
    private EmbeddedRedis? _embedded;
    private StoreConnection _store = null!;
    private RowStore _rows = null!;
    private EntityKey[] _keys = [];

    public static IEnumerable<string> Servers => Environment.GetEnvironmentVariable("RANKING_TEST_REDIS7") is { Length: > 0 } ? ["embedded", "Redis 7"] : ["embedded"];

    [ParamsSource(nameof(Servers))]
    public string Server { get; set; } = "";

    [GlobalSetup]
    public async Task Setup()
    {
        if (Server == "embedded")
            _embedded = EmbeddedRedis.Start();
        string address = _embedded?.Address ?? Environment.GetEnvironmentVariable("RANKING_TEST_REDIS7")!;
        _store = await StoreConnection.ConnectAsync(new StoreOptions { Address = address, Namespace = $"bench-{Environment.ProcessId}" });
        Dictionary<(string Kind, string Id), byte[]> rows = KuaiRand.Run(KuaiRand.Events(40_000), 1).Rows;
        _keys = [.. rows.Keys.Where(k => k.Kind == "user").Take(1).Concat(rows.Keys.Where(k => k.Kind == "item").TakeLast(500)).Select(k => new EntityKey(k.Kind, k.Id))];
        foreach (EntityKey key in _keys)
            await _store.Database.StringSetAsync(_store.Keys.Row(key.Kind, key.Id), rows[(key.Kind, key.Id)], TimeSpan.FromHours(1));
        _rows = new RowStore(_store, new RowStoreOptions { Timeout = TimeSpan.FromSeconds(5) });
        FetchedRows fetched = await _rows.FetchAsync(_keys);
        Console.WriteLine($"// {Enumerable.Range(0, _keys.Length).Count(i => fetched.TryGetRow(i, out _))} rows of {_keys.Length}, {_keys.Average(k => rows[(k.Kind, k.Id)].Length):F0} bytes each");
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        foreach (EntityKey key in _keys)
            await _store.Database.KeyDeleteAsync(_store.Keys.Row(key.Kind, key.Id));
        await _store.DisposeAsync();
        _embedded?.Dispose();
    }

    [Benchmark(Baseline = true)]
    public Task Ping() => _store.Database.PingAsync();

    [Benchmark]
    public Task<FetchedRows> Rows_500() => _rows.FetchAsync(_keys);
}
