using System.Globalization;
using System.Text;
using Ranking.Store.Sink;
using Ranking.Store.Tokens;

namespace Ranking.Store.Tests;

public class SinkTests
{
    public static TheoryData<string, bool> Writers
    {
        get
        {
            TheoryData<string, bool> all = [];
            foreach (string server in new[] { "garnet", "redis7", "redis8" })
            {
                all.Add(server, true);
                all.Add(server, false);
            }
            return all;
        }
    }

    static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    static void Fill(MemoryLog log, Random random, int changes, int ids = 150)
    {
        for (int i = 0; i < changes; i++)
        {
            string id = random.Next(ids).ToString(CultureInfo.InvariantCulture);
            log.Append(random.Next(4) == 0 ? "user" : "item", id, random.Next(5) == 0 ? null : Bytes($"{id}@{i}-{random.Next()}"));
        }
    }

    // A database of its own: these flushes must not reach the tests that run beside.
    static Task<TestServer> StartAsync(string which) =>
        TestServer.StartAsync(which, which == "garnet" ? null : TestServer.AddressOf(which) + ",defaultDatabase=1");

    static Task FlushAsync(StoreConnection store) => store.Multiplexer.GetServers()[0].FlushDatabaseAsync(store.Database.Database);

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task Rows_are_those_of_the_log_and_a_new_sink_goes_on_where_the_old_one_stopped(string which, bool scripts)
    {
        await using TestServer server = await StartAsync(which);
        MemoryLog log = new(4);
        Fill(log, new Random(1), 2_000);
        await using (SinkRun first = new(server.Store, log.Read(), scripts)) await SinkRun.UntilWholeAsync(server.Store, log);
        Fill(log, new Random(2), 100, 20);
        await using SinkRun second = new(server.Store, log.Read(), scripts);
        await SinkRun.UntilWholeAsync(server.Store, log);
        Assert.InRange(second.Sink.Written + second.Sink.Deleted, 1, 100);
        Assert.Equal(0, second.Sink.Conflicts);
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task A_flush_and_a_lost_key_of_a_tag_are_mended(string which, bool scripts)
    {
        await using TestServer server = await StartAsync(which);
        MemoryLog log = new(2);
        Fill(log, new Random(3), 500);
        await using SinkRun run = new(server.Store, log.Read(), scripts);
        await SinkRun.UntilWholeAsync(server.Store, log);
        await FlushAsync(server.Store); // while idle: the sink has to look
        await SinkRun.UntilWholeAsync(server.Store, log);
        Fill(log, new Random(4), 500);
        await FlushAsync(server.Store); // while writing
        await SinkRun.UntilWholeAsync(server.Store, log);
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task Two_sinks_on_the_same_partitions_do_each_other_no_harm(string which, bool scripts)
    {
        await using TestServer server = await StartAsync(which);
        MemoryLog log = new(4);
        Fill(log, new Random(5), 1_000);
        await using SinkRun a = new(server.Store, log.Read(), scripts);
        await using SinkRun b = new(server.Store, log.Read(), scripts);
        for (int i = 0; i < 10; i++)
        {
            Fill(log, new Random(i), 200);
            await Task.Delay(30);
        }
        await SinkRun.UntilWholeAsync(server.Store, log, seconds: 120); // two that undo each other take long on a busy machine
        Assert.True(a.Sink.Conflicts + b.Sink.Conflicts > 0);
    }

    [Theory]
    [MemberData(nameof(TestServer.All), MemberType = typeof(TestServer))]
    public async Task A_deleted_item_loses_its_row_and_its_tokens_of_every_version(string which)
    {
        await using TestServer server = await StartAsync(which);
        StoreConnection store = server.Store;
        await using (TokenWriter writer = new(store))
            foreach (string version in new[] { "v1", "v2" })
                foreach (string item in new[] { "a", "b" }) writer.TryWrite(version, item, CachedToken.Write(1, [1], []));
        MemoryLog log = new(1);
        log.Append("item", "a", Bytes("x"));
        log.Append("item", "b", Bytes("y"));
        await using SinkRun run = new(store, log.Read());
        await SinkRun.UntilWholeAsync(store, log);
        log.Append("item", "a", null);
        await SinkRun.UntilWholeAsync(store, log);
        foreach (string version in new[] { "v1", "v2" })
        {
            Assert.False(await store.Database.KeyExistsAsync(store.Keys.Token(version, "a")));
            Assert.True(await store.Database.KeyExistsAsync(store.Keys.Token(version, "b")));
        }
    }

    [Theory]
    [MemberData(nameof(TestServer.All), MemberType = typeof(TestServer))]
    public async Task A_sink_away_for_longer_than_tombstones_live_deletes_what_the_log_no_longer_has(string which)
    {
        await using TestServer server = await StartAsync(which);
        MemoryLog log = new(2);
        Fill(log, new Random(6), 600);
        await using (SinkRun run = new(server.Store, log.Read())) await SinkRun.UntilWholeAsync(server.Store, log);
        // Let the offsets be stamped as whole; then delete rows whose tombstones nobody sees.
        await using (SinkRun run = new(server.Store, log.Read()))
            await Waiting.UntilAsync(async () => ((string?)await server.Store.Database.StringGetAsync(server.Store.Keys.Offset(0)))?.EndsWith("/0", StringComparison.Ordinal) == false, "stamps");
        foreach ((string kind, string id) in log.LastRows().Keys.Take(40)) log.Append(kind, id, null);
        log.Compact(tombstones: false);
        await using SinkRun late = new(server.Store, log.Read(), clock: new ShiftedClock(TimeSpan.FromHours(25)));
        await SinkRun.UntilWholeAsync(server.Store, log);
        Assert.True(late.Sink.Swept >= 40);
    }

    [Fact]
    public async Task Offsets_of_a_topic_with_another_partition_count_are_not_trusted()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        MemoryLog before = new(8), after = new(4);
        Fill(before, new Random(7), 900);
        await using (SinkRun run = new(server.Store, before.Read())) await SinkRun.UntilWholeAsync(server.Store, before);
        Fill(after, new Random(8), 100);
        await using SinkRun again = new(server.Store, after.Read());
        await SinkRun.UntilWholeAsync(server.Store, after);
    }

    [Fact]
    public async Task Partitions_move_between_sinks()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        MemoryLog log = new(4);
        Fill(log, new Random(9), 500);
        MemoryLog.Reader left = log.Read(0, 1), right = log.Read(2, 3);
        await using SinkRun a = new(server.Store, left), b = new(server.Store, right);
        await SinkRun.UntilWholeAsync(server.Store, log);
        (left.Held, right.Held) = ([0, 2, 3], [1]);
        Fill(log, new Random(10), 500);
        await SinkRun.UntilWholeAsync(server.Store, log);
        await Waiting.UntilAsync(() => a.Sink.AppliedThrough(3) == log.End(3) && b.Sink.AppliedThrough(1) == log.End(1), "untouched tags to be moved up");
        Assert.Equal(-1, a.Sink.AppliedThrough(1));
    }

    [Fact]
    public async Task A_record_in_the_wrong_partition_is_skipped_and_counted()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        RowSink sink = new(server.Store);
        await sink.AssignAsync(64, [.. Enumerable.Range(0, 64).Select(p => new PartitionBounds(p, 0, 0))]);
        int right = KeyLayout.TagOf("a");
        Assert.Empty(await sink.ApplyAsync([new("item", "a", [1], (right + 1) % 64, 0)]));
        Assert.Equal(1, sink.Misplaced);
        Assert.False(await server.Store.Database.KeyExistsAsync(server.Store.Keys.Row("item", "a")));
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task Of_two_concurrent_conditional_writes_one_wins(string which, bool scripts)
    {
        await using TestServer server = await StartAsync(which);
        await using TestServer other = await TestServer.StartAsync(which, server.Store.Options.Address);
        int[] won = await Task.WhenAll(new[] { server.Store, other.Store }.Select(store => Task.Run(async () =>
        {
            ConditionalWriter writer = new(store, scripts);
            (int wins, string? at) = (0, null);
            while (wins < 200)
            {
                string next = (int.Parse(at ?? "0", CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
                (bool written, string? found) = await writer.WriteAsync(server.Store.Keys.Offset(1), at, next, [(server.Store.Keys.Row("item", "x", 1), Bytes(next))], []);
                if (written) wins++;
                at = written ? next : found;
            }
            return wins;
        })));
        Assert.Equal(400, won.Sum());
        Assert.Equal(400, (int)await server.Store.Database.StringGetAsync(server.Store.Keys.Offset(1)));
        Assert.Equal(400, (int)await server.Store.Database.StringGetAsync(server.Store.Keys.Row("item", "x", 1)));
    }

    sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
