using Confluent.Kafka;
using Ranking.Features.Partitioning;
using Ranking.Store.Rows;
using Ranking.Store.Tokens;
using Ranking.Store.Upkeep;
using Ranking.Streams.Contracts;
using Ranking.Streams.Embedded;
using Ranking.Streams.Topics;

namespace Ranking.Store.Tests;

public class StoreUpkeepTests
{
    static async IAsyncEnumerable<(EntityKey, byte[])> RowsAsync(MemoryLog log)
    {
        foreach (((string kind, string id), byte[] value) in log.LastRows()) yield return (new EntityKey(kind, id), value);
        await Task.CompletedTask;
    }

    [Theory]
    [MemberData(nameof(TestServer.All), MemberType = typeof(TestServer))]
    public async Task Verify_finds_a_changed_a_missing_and_a_surplus_key_and_rebuild_mends_them(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        StoreConnection store = server.Store;
        StoreUpkeep upkeep = new(store);
        MemoryLog log = new(2);
        for (int i = 0; i < 1_200; i++) log.Append("item", $"i{i}", [(byte)i, 1]);
        await using SinkRun run = new(store, log.Read());
        await SinkRun.UntilWholeAsync(store, log);
        Assert.Equal((1_200, true), ((await upkeep.VerifyAsync(RowsAsync(log))).Same, (await upkeep.VerifyAsync(RowsAsync(log))).None));

        await store.Database.StringSetAsync(store.Keys.Row("item", "i7"), "changed");
        await store.Database.KeyDeleteAsync(store.Keys.Row("item", "i8"));
        await store.Database.StringSetAsync(store.Keys.Row("user", "nobody"), "surplus");
        StoreDifferences found = await upkeep.VerifyAsync(RowsAsync(log));
        Assert.Equal((1_198, 1, 1, 1), (found.Same, found.Changed, found.Missing, found.Surplus));
        Assert.Equal(3, found.Examples.Count);

        await upkeep.RebuildAsync();
        await SinkRun.UntilWholeAsync(store, log);
    }

    [Fact]
    public async Task The_log_s_last_rows_come_once_each_and_deleted_ones_not()
    {
        using EmbeddedKafka broker = EmbeddedKafka.Start();
        KafkaSettings kafka = broker.Settings("t") with { Flow = null };
        Dictionary<(string, string), byte[]> expected = [];
        Random random = new(1);
        using (IAdminClient admin = kafka.Admin()) admin.GetMetadata(kafka.Topic(TopicNames.Rows), TimeSpan.FromSeconds(10)); // makes it
        using (TopicWriter writer = new(kafka))
        {
            for (int i = 0; i < 2_000; i++)
            {
                (string kind, string id) = (i % 3 == 0 ? "user" : "item", $"{random.Next(200)}");
                byte[]? row = random.Next(5) == 0 ? null : [(byte)i, (byte)(i >> 8)];
                writer.Write(TopicNames.Rows, Murmur2.Partition(id, EmbeddedKafka.Partitions), RowMessages.Key(kind, id), row is null ? null : RowMessages.Encode(row));
                if (row is null) expected.Remove((kind, id));
                else expected[(kind, id)] = row;
            }
            writer.Flush(CancellationToken.None);
        }
        List<(EntityKey Key, byte[] Value)> read = [];
        await foreach ((EntityKey, byte[]) row in new LoggedRows(kafka, EmbeddedKafka.Partitions).ReadAsync()) read.Add(row);
        Assert.Equal(expected.Count, read.Count);
        Assert.All(read, r => Assert.Equal(expected[(r.Key.Kind, r.Key.Id)], r.Value));
    }

    [Theory]
    [MemberData(nameof(TestServer.All), MemberType = typeof(TestServer))]
    public async Task Erase_removes_row_and_tokens(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        StoreConnection store = server.Store;
        await using (TokenWriter writer = new(store)) writer.TryWrite("v1", "u", CachedToken.Write(1, [1], []));
        await store.Database.StringSetAsync(store.Keys.Row("user", "u"), "x");
        StoreUpkeep upkeep = new(store);
        Assert.Equal(2, await upkeep.EraseAsync(new EntityKey("user", "u")));
        Assert.Equal(0, await upkeep.EraseAsync(new EntityKey("user", "u")));
    }
}
