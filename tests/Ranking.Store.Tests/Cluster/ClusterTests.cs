using System.Globalization;
using System.Text;
using Ranking.Store.Rows;

namespace Ranking.Store.Tests.Cluster;

/// <summary>Redis Cluster of three: one trip a shard, and whole again when slots move or a shard fails over.</summary>
public class ClusterTests
{
    const int Items = 500;
    static readonly string[] Ids = [.. Enumerable.Range(0, Items).Select(i => i.ToString(CultureInfo.InvariantCulture))];
    static readonly EntityKey[] Rows = [.. Ids.Select(id => new EntityKey("item", id))];

    static void Fill(MemoryLog log, int seed)
    {
        Random random = new(seed);
        foreach (string id in Ids) log.Append("item", id, random.Next(10) == 0 ? null : Encoding.UTF8.GetBytes($"{seed}.{id}"));
    }

    static Task<StoreConnection> ConnectAsync(RedisCluster cluster) => StoreConnection.ConnectAsync(new()
    {
        Address = cluster.Address,
        Namespace = "t",
        ConnectTimeout = TimeSpan.FromSeconds(10),
        CommandTimeout = TimeSpan.FromSeconds(1),
    });

    [Fact]
    public async Task All_is_asked_for_before_the_first_answer_which_is_one_trip_a_shard()
    {
        await using RedisCluster cluster = await RedisCluster.StartAsync();
        await using StoreConnection store = await ConnectAsync(cluster);
        Assert.True(store.IsCluster);
        foreach (string id in Ids)
        {
            await store.Database.StringSetAsync(store.Keys.Row("item", id), id);
            await store.Database.StringSetAsync(store.Keys.Token("v1", id), "token " + id);
        }
        RowStore rows = new(store, new() { Timeout = TimeSpan.FromSeconds(20) });
        await rows.FetchAsync(Rows, "v1", Ids);
        long before = await cluster.CallsAsync("mget");

        foreach (CountingProxy proxy in cluster.Proxies) proxy.HoldAnswers = true;
        Task<FetchedRows> fetch = rows.FetchAsync(Rows, "v1", Ids);
        await Waiting.UntilAsync(async () => await cluster.CallsAsync("mget") == before + KeyLayout.Tags, "every command to arrive while no answer is let through");
        Assert.False(fetch.IsCompleted);
        foreach (CountingProxy proxy in cluster.Proxies) proxy.HoldAnswers = false;

        FetchedRows got = await fetch;
        Assert.Null(got.Failure);
        for (int i = 0; i < Items; i++)
        {
            Assert.True(got.TryGetRow(i, out ReadOnlyMemory<byte> row) && got.TryGetToken(i, out _));
            Assert.Equal(Ids[i], Encoding.UTF8.GetString(row.Span));
        }
        Assert.Equal(before + KeyLayout.Tags, await cluster.CallsAsync("mget"));
    }

    [Fact]
    public async Task Slots_that_move_under_a_sink_and_readers_lose_nothing()
    {
        await using RedisCluster cluster = await RedisCluster.StartAsync();
        await using StoreConnection store = await ConnectAsync(cluster);
        MemoryLog log = new(4);
        Fill(log, 1);
        await using SinkRun run = new(store, log.Read());
        await SinkRun.UntilWholeAsync(store, log);
        int before = await cluster.KeysAsync(0);
        Task moving = cluster.MoveSlotsAsync(0, 2, 4_000); // not all: a primary without slots becomes a replica
        RowStore rows = new(store, new() { Timeout = TimeSpan.FromSeconds(2) });
        for (int round = 2; !moving.IsCompleted; round++)
        {
            Fill(log, round);
            await rows.FetchAsync(Rows); // gaps with a failure, perhaps; never an exception
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        await moving;
        Assert.InRange(await cluster.KeysAsync(0), 1, before / 2);
        await SinkRun.UntilWholeAsync(store, log, seconds: 10);
        await WholeAsync(rows, log);
    }

    [Fact]
    public async Task A_shard_that_fails_over_is_whole_again()
    {
        await using RedisCluster cluster = await RedisCluster.StartAsync();
        await using StoreConnection store = await ConnectAsync(cluster);
        MemoryLog log = new(4);
        Fill(log, 1);
        await using SinkRun run = new(store, log.Read());
        await SinkRun.UntilWholeAsync(store, log);
        RowStore rows = new(store, new() { Timeout = TimeSpan.FromSeconds(2) });
        Fill(log, 2); // some of it is not with the replica yet
        cluster.Kill(0);
        for (int round = 3; round < 10; round++)
        {
            Fill(log, round);
            await rows.FetchAsync(Rows);
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
        await SinkRun.UntilWholeAsync(store, log);
        await WholeAsync(rows, log);
    }

    static async Task WholeAsync(RowStore rows, MemoryLog log)
    {
        FetchedRows got = null!;
        await Waiting.UntilAsync(async () => (got = await rows.FetchAsync(Rows)).Failure is null, "an answer without failure", seconds: 10);
        Dictionary<(string, string), byte[]> expected = log.LastRows();
        for (int i = 0; i < Items; i++)
        {
            Assert.Equal(expected.TryGetValue(("item", Ids[i]), out byte[]? right), got.TryGetRow(i, out ReadOnlyMemory<byte> row));
            if (right is not null) Assert.Equal(right, row.ToArray());
        }
    }
}
