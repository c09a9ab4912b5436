using System.Globalization;
using Ranking.Store.Embedded;

namespace Ranking.Store.Tests;

/// <summary>
/// A server for one test: Garnet of its own, or the one that RANKING_TEST_REDIS7 or RANKING_TEST_REDIS8 names (host:port), where the
/// test works in a namespace of its own and deletes it.
/// </summary>
sealed class TestServer : IAsyncDisposable
{
    static int s_namespaces;

    readonly EmbeddedRedis? _embedded;

    TestServer(EmbeddedRedis? embedded, StoreConnection store) => (_embedded, Store) = (embedded, store);

    public StoreConnection Store { get; }

    public static TheoryData<string> All => ["garnet", "redis7", "redis8"];

    public static TheoryData<string> WithVectorSets => ["garnet", "redis8"];

    public static async Task<TestServer> StartAsync(string which, string? address = null)
    {
        EmbeddedRedis? embedded = null;
        if (address is null)
        {
            if (which == "garnet") embedded = EmbeddedRedis.Start(new() { CountCommands = true });
            address = embedded?.Address ?? AddressOf(which);
        }
        string name = string.Create(CultureInfo.InvariantCulture, $"test-{Environment.ProcessId}-{Interlocked.Increment(ref s_namespaces)}");
        return new TestServer(embedded, await StoreConnection.ConnectAsync(new()
        {
            Address = address,
            Namespace = name,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            CommandTimeout = TimeSpan.FromSeconds(20),
        }));
    }

    public static string AddressOf(string which)
    {
        string variable = "RANKING_TEST_" + which.ToUpperInvariant();
        string? address = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(address)) Assert.Skip($"{variable} names no server");
        return address!;
    }

    public async ValueTask DisposeAsync()
    {
        if (_embedded is null)
        {
            foreach (StackExchange.Redis.IServer server in Store.Multiplexer.GetServers().Where(s => s.IsConnected && !s.IsReplica))
                await foreach (StackExchange.Redis.RedisKey key in server.KeysAsync(pattern: Store.Keys.AllPattern))
                    await Store.Database.KeyDeleteAsync(key);
        }
        await Store.DisposeAsync();
        _embedded?.Dispose();
    }
}
