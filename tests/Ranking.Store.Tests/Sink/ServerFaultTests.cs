using System.Globalization;
using System.Text;
using Ranking.Features.Errors;
using Ranking.Store.Rows;

namespace Ranking.Store.Tests;

/// <summary>What befalls a server, of each kind: the sink has it whole again by itself within ten seconds of its return.</summary>
public class ServerFaultTests
{
    static void Fill(MemoryLog log, int seed, int changes, int bytes = 0)
    {
        Random random = new(seed);
        for (int i = 0; i < changes; i++)
        {
            string id = random.Next(300).ToString(CultureInfo.InvariantCulture);
            log.Append(random.Next(4) == 0 ? "user" : "item", id, random.Next(6) == 0 ? null : Encoding.UTF8.GetBytes($"{seed}.{i}{new string('.', bytes)}"));
        }
    }

    static Task<StoreConnection> ConnectAsync(OwnRedis server) =>
        StoreConnection.ConnectAsync(new() { Address = server.Address, Namespace = "t", CommandTimeout = TimeSpan.FromMilliseconds(500), ConnectTimeout = TimeSpan.FromSeconds(20) });

    [Theory]
    [MemberData(nameof(TestServer.All), MemberType = typeof(TestServer))]
    public async Task Killed_amid_a_batch_and_started_empty(string which)
    {
        using OwnRedis server = OwnRedis.Start(which);
        await using StoreConnection store = await ConnectAsync(server);
        MemoryLog log = new(4);
        await using SinkRun run = new(store, log.Read());
        for (int seed = 0; seed < 3; seed++)
        {
            Fill(log, seed, 2_000);
            await Task.Delay(new Random(seed).Next(60)); // some of it is written
            server.Kill();
            Fill(log, seed + 100, 500);
            await Task.Delay(300);
            server.Start();
            await SinkRun.UntilWholeAsync(store, log, seconds: 10);
        }
    }

    [Theory]
    [MemberData(nameof(OwnRedis.Processes), MemberType = typeof(OwnRedis))]
    public async Task Stopped_for_longer_than_commands_wait_and_continued(string which)
    {
        using OwnRedis server = OwnRedis.Start(which);
        await using StoreConnection store = await ConnectAsync(server);
        MemoryLog log = new(4);
        await using SinkRun run = new(store, log.Read());
        Fill(log, 1, 1_000);
        await SinkRun.UntilWholeAsync(store, log);
        Fill(log, 2, 2_000);
        await Task.Delay(30);
        server.Signal("STOP");
        Fill(log, 3, 500);
        await Task.Delay(3_000); // StackExchange.Redis notices time-outs once a second
        server.Signal("CONT");
        await SinkRun.UntilWholeAsync(store, log, seconds: 10);
        Assert.Equal(0, run.Sink.Conflicts); // what it finds is its own
    }

    [Theory]
    [InlineData("redis7", true)]
    [InlineData("redis7", false)]
    [InlineData("redis8", true)]
    [InlineData("redis8", false)]
    public async Task Full_until_there_is_room_again(string which, bool scripts)
    {
        using OwnRedis server = OwnRedis.Start(which, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction");
        await using StoreConnection store = await ConnectAsync(server);
        MemoryLog log = new(4);
        await using SinkRun run = new(store, log.Read(), scripts);
        Fill(log, 1, 200);
        await SinkRun.UntilWholeAsync(store, log);
        Fill(log, 2, 1_000, bytes: 40_000); // some 9 MB of rows
        // Buffers of the line count as memory, so that small writes come and go: what tells is that large ones were refused.
        await Waiting.UntilAsync(async () => (await store.Multiplexer.GetServers()[0].InfoAsync("errorstats")).SelectMany(g => g)
            .Any(p => p.Key is "errorstat_OOM"), "memory to be full");
        // Reading goes on: requests are ranked with what is there.
        FetchedRows rows = await new RowStore(store, new() { Timeout = TimeSpan.FromSeconds(20) }).FetchAsync([.. log.LastRows().Keys.Select(k => new EntityKey(k.Item1, k.Item2))]);
        Assert.Null(rows.Failure);
        await Task.Delay(1_000);
        await store.Multiplexer.GetServers()[0].ConfigSetAsync("maxmemory", "0");
        await SinkRun.UntilWholeAsync(store, log, seconds: 10);
    }

    [Theory]
    [MemberData(nameof(OwnRedis.Processes), MemberType = typeof(OwnRedis))]
    public async Task A_full_server_is_said_to_refuse_and_nothing_is_half_written(string which)
    {
        using OwnRedis server = OwnRedis.Start(which, "--maxmemory", "2mb", "--maxmemory-policy", "noeviction");
        await using StoreConnection store = await ConnectAsync(server);
        foreach (bool scripts in new[] { true, false })
        {
            var sink = new Ranking.Store.Sink.RowSink(store, new() { UseScripts = scripts });
            await sink.AssignAsync(1, [new(0, 0, 1_000_000)]);
            long offset = 0;
            RankingException? refused = null;
            byte[] row = new byte[100_000];
            for (int i = 0; i < 100 && refused is null; i++)
            {
                try
                {
                    await sink.ApplyAsync([.. Enumerable.Range(0, 20).Select(n => new Ranking.Store.Sink.RowChange("item", $"{scripts}{i}-{n}", row, 0, offset++))]);
                }
                catch (RankingException e)
                {
                    refused = e;
                }
            }
            Assert.Equal(ErrorCodes.RedisRefused, refused!.Error);
            Assert.Contains(scripts ? "maxmemory" : "EXECABORT", refused.Message, StringComparison.Ordinal);
            // An offset says that its tag's rows are there: of each tag all rows below it or none.
            for (int b = 0; b < KeyLayout.Tags; b++)
            {
                long through = Ranking.Store.Sink.StoredOffset.TryParse(await store.Database.StringGetAsync(store.Keys.Offset(b)), out var stored) ? stored.Offset : -1;
                for (long at = 0; at < offset; at++)
                {
                    string id = $"{scripts}{at / 20}-{at % 20}";
                    if (KeyLayout.TagOf(id) == b) Assert.Equal(at <= through, await store.Database.KeyExistsAsync(store.Keys.Row("item", id)));
                }
            }
            await store.Multiplexer.GetServers()[0].FlushDatabaseAsync();
        }
    }
}
