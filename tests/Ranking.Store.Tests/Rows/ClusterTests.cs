using System.Globalization;
using System.Text;
using Ranking.Store.Rows;

namespace Ranking.Store.Tests;

/// <summary>Rows and sink on a Redis Cluster of three shards.</summary>
public class ClusterTests
{
    static readonly RowStoreOptions Patient = new() { Timeout = TimeSpan.FromSeconds(20) };

    static void Fill(MemoryLog log, int seed, int changes)
    {
        Random random = new(seed);
        for (int i = 0; i < changes; i++)
            log.Append("item", random.Next(1_000).ToString(CultureInfo.InvariantCulture), random.Next(6) == 0 ? null : Encoding.UTF8.GetBytes($"{seed}.{i}"));
    }

    static async Task<string> FetchedAsync(StoreConnection store, MemoryLog log)
    {
        Dictionary<(string, string), byte[]> rows = log.LastRows();
        EntityKey[] keys = [.. rows.Keys.Select(k => new EntityKey(k.Item1, k.Item2))];
        FetchedRows fetched = await new RowStore(store, Patient).FetchAsync(keys);
        if (fetched.Failure is { } failure) return failure.Message;
        int wrong = 0;
        for (int i = 0; i < keys.Length; i++)
            if (!fetched.TryGetRow(i, out ReadOnlyMemory<byte> row) || !row.Span.SequenceEqual(rows[(keys[i].Kind, keys[i].Id)])) wrong++;
        return wrong == 0 ? "" : $"{wrong} of {keys.Length} rows are wrong";
    }

    [Fact]
    public async Task A_request_takes_one_trip_a_shard_whatever_its_size_and_brings_everything()
    {
        await using OwnCluster cluster = await OwnCluster.StartAsync();
        await using StoreConnection store = await cluster.ConnectAsync();
        Assert.True(store.IsCluster);
        MemoryLog log = new(4);
        Fill(log, 1, 5_000);
        await using (SinkRun run = new(store, log.Read()))
        {
            await SinkRun.UntilWholeAsync(store, log);
            Assert.Equal(0, run.Sink.Conflicts);
        }
        Assert.Equal("", await FetchedAsync(store, log));
        RowStore rows = new(store, Patient);
        foreach (int candidates in (int[])[200, 500, 2_000])
        {
            string[] ids = [.. Enumerable.Range(0, candidates).Select(i => i.ToString(CultureInfo.InvariantCulture))];
            EntityKey[] keys = [new("user", "u"), .. ids.Select(i => new EntityKey("item", i))];
            await rows.FetchAsync(keys, "v1", ids);
            (int[] trips, long[] commands) = (Trips(), await MgetsAsync());
            FetchedRows fetched = await rows.FetchAsync(keys, "v1", ids);
            Assert.Null(fetched.Failure);
            // A keep-alive or a look at the cluster's state between the two readings would count as a trip; in twenty seconds there is none.
            Assert.Equal([.. trips.Take(OwnCluster.Shards).Select(t => t + 1)], Trips()[..OwnCluster.Shards]);
            Assert.Equal(keys.Select(k => KeyLayout.TagOf(k.Id)).Distinct().Count(), (await MgetsAsync()).Sum() - commands.Sum()); // MGET stays within a slot: one a tag, sent together
        }

        int[] Trips() => [.. cluster.Proxies.Select(p => p.Trips)];

        async Task<long[]> MgetsAsync()
        {
            var counts = new long[OwnCluster.Shards];
            for (int n = 0; n < counts.Length; n++)
            {
                string stats = await cluster.SayAsync(n, "INFO", "commandstats");
                counts[n] = stats.Split("cmdstat_mget:calls=") is [_, var rest] ? long.Parse(rest.Split(',')[0], CultureInfo.InvariantCulture) : 0;
            }
            return counts;
        }
    }

    [Fact]
    public async Task Slots_that_move_are_followed_by_reader_and_sink()
    {
        await using OwnCluster cluster = await OwnCluster.StartAsync();
        await using StoreConnection store = await cluster.ConnectAsync();
        MemoryLog log = new(4);
        Fill(log, 1, 2_000);
        await using SinkRun run = new(store, log.Read());
        await SinkRun.UntilWholeAsync(store, log);
        int[] ofFirst = [.. Enumerable.Range(0, KeyLayout.Tags).Select(b => store.Multiplexer.HashSlot(store.Keys.Offset(b))).Where(s => s < 16384 / OwnCluster.Shards).Distinct()];
        Assert.NotEmpty(ofFirst);
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                Fill(log, 100 + i, 100);
                await Task.Delay(20);
            }
        });
        await cluster.MoveAsync(ofFirst, 0, 2);
        await writing;
        await SinkRun.UntilWholeAsync(store, log);
        Assert.Equal("", await FetchedAsync(store, log));
    }

    [Fact]
    public async Task A_shard_that_dies_is_served_by_its_replica_and_loses_nothing_for_good()
    {
        await using OwnCluster cluster = await OwnCluster.StartAsync();
        await using StoreConnection store = await cluster.ConnectAsync();
        MemoryLog log = new(4);
        Fill(log, 1, 2_000);
        await using SinkRun run = new(store, log.Read());
        await SinkRun.UntilWholeAsync(store, log);
        Fill(log, 2, 2_000);
        await Task.Delay(50); // amid its work: what was not replicated yet is lost with the primary
        cluster.Proxies[0].Refuse = true;
        cluster.Nodes[0].Kill();
        cluster.Proxies[0].Cut();
        Fill(log, 3, 500);
        await Waiting.UntilAsync(async () => (await cluster.SayAsync(OwnCluster.Shards, "INFO", "replication")).Contains("role:master", StringComparison.Ordinal), "the replica to take over");
        await Waiting.UntilAsync(async () => await FetchedAsync(store, log) == "", "the rows of the log");
        Fill(log, 4, 500);
        await SinkRun.UntilWholeAsync(store, log);
    }
}
