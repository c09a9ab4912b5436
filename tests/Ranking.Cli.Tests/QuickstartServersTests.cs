using Ranking.Cli.Quickstart;
using Ranking.Features.Spec;
using Ranking.Store;
using Ranking.Store.Embedded;
using Ranking.Store.Upkeep;
using Ranking.Training.Registry;

namespace Ranking.Cli.Tests;

public sealed class QuickstartServersTests : IDisposable
{
    static readonly RankingSpec spec = new()
    {
        Version = 1,
        Name = "small",
        Sources = new("impressions.sql"),
        Labels = new() { ["click"] = new("click", TimeSpan.FromMinutes(1)) },
        Features = new() { ["user_id"] = new IdFeatureSpec(new("user")) },
        Groups = new() { ["all"] = new(["user_id"]) },
    };

    readonly string folder = Directory.CreateTempSubdirectory("quickstart-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_server_that_does_not_say_what_it_uses_is_asked_for_keys_and_values()
    {
        using var traces = new QuickstartTraces(folder);
        await using QuickstartServers servers = await QuickstartServers.StartAsync(spec, "small-1", null, null, traces);
        long empty = await servers.UsedMemoryAsync();
        for (int i = 0; i < 2_500; i++) await servers.Store.Database.StringSetAsync($"small-1:{{{i % 64}}}:item:{i:D5}", new byte[200]);
        await servers.Store.Database.StringSetAsync("other:key", new byte[10_000]);
        long keys = 2_500 * RedisMemory.OfKey("small-1:{10}:item:00000".Length, 200), grown = await servers.UsedMemoryAsync() - empty;
        Assert.InRange(grown, keys + RedisMemory.OfTable(2_500), keys + RedisMemory.OfTable(2_500) * 1.01);
    }

    [Fact]
    public async Task What_a_killed_run_left_on_a_server_is_removed_by_the_next_one_in_its_folder()
    {
        using EmbeddedRedis redis = EmbeddedRedis.Start(), other = EmbeddedRedis.Start();
        StoreOptions options = new() { Address = redis.Address, Namespace = "any" };
        using (var killed = new QuickstartTraces(folder))
        {
            killed.Add(new("small-dead", null, redis.Address));
            killed.Add(new("small-elsewhere", null, other.Address));
            Assert.Equal("RNK0004", Assert.Throws<RegistryException>(() => new QuickstartTraces(folder)).Error.Code);
        }
        await using StoreConnection store = await StoreConnection.ConnectAsync(options);
        foreach (string key in (string[])["small-dead:{1}:item:a", "small-dead:{2}:offset", "small-living:{1}:item:a"]) await store.Database.StringSetAsync(key, "x");

        using (var traces = new QuickstartTraces(folder))
        {
            await using QuickstartServers servers = await QuickstartServers.StartAsync(spec, "small-new", null, options, traces);
            Assert.Equal(["small-elsewhere", "small-new"], traces.All.Select(t => t.Namespace));
            await servers.Store.Database.StringSetAsync("small-new:{1}:item:a", "x");
        }
        Assert.Equal(["small-living:{1}:item:a"], await store.ScanAsync("small-*").Select(k => k.ToString()).ToListAsync(TestContext.Current.CancellationToken));
        using var left = new QuickstartTraces(folder);
        Assert.Equal(new("small-elsewhere", null, other.Address), Assert.Single(left.All));
    }
}
