using System.Globalization;
using CsCheck;
using Ranking.Store.Sink;
using Ranking.Store.Vectors;
using StackExchange.Redis;

namespace Ranking.Store.Tests;

/// <summary>Documents of a topic as vectors, on Garnet and Redis 8.</summary>
public class DocumentSinkTests
{
    static string Json(int n) => $$"""{"name":"number {{n}}","n":{{n}}}""";

    static void Fill(DocumentLog log, Random random, int changes, long fromMs, int ids = 60)
    {
        for (int i = 0; i < changes; i++)
        {
            long time = fromMs + 10 * i + random.Next(-1_500, 1_500); // some disorder is within the lateness, some is late
            log.Append(random.Next(ids).ToString(CultureInfo.InvariantCulture), time, random.Next(5) == 0 ? null : Json(random.Next(10_000)));
        }
    }

    // A database of its own: these flushes must not reach the tests that run beside.
    static Task<TestServer> StartAsync(string which) =>
        TestServer.StartAsync(which, which == "garnet" ? null : TestServer.AddressOf(which) + ",defaultDatabase=2");

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Vectors_are_those_of_the_latest_documents_and_a_new_sink_goes_on_where_the_old_one_stopped(string which)
    {
        await using TestServer server = await StartAsync(which);
        DocumentLog log = new(4);
        Fill(log, new Random(1), 500, 0);
        await using (DocumentSinkRun first = new(server.Store, log))
        {
            await DocumentSinkRun.UntilWholeAsync(server.Store, log);
            Assert.True(first.Sink.Late > 0);
        }
        Fill(log, new Random(2), 60, 5_000, ids: 10);
        await using DocumentSinkRun second = new(server.Store, log);
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Assert.InRange(second.Sink.Written + second.Sink.Deleted, 1, 60);
        Assert.Equal(0, second.Sink.Conflicts);
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task A_flush_is_mended_also_while_writing(string which)
    {
        await using TestServer server = await StartAsync(which);
        DocumentLog log = new(2);
        Fill(log, new Random(3), 300, 0);
        await using DocumentSinkRun run = new(server.Store, log);
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Task FlushAsync() => server.Store.Multiplexer.GetServers()[0].FlushDatabaseAsync(server.Store.Database.Database);
        await FlushAsync(); // while idle: the sink has to look
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Fill(log, new Random(4), 300, 3_000);
        await FlushAsync();
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Deletions_are_remembered_while_an_older_document_can_come_and_forgotten_then(string which)
    {
        await using TestServer server = await StartAsync(which);
        DocumentLog log = new(1);
        log.Append("a", 1_000, Json(1));
        log.Append("a", 2_000, null);
        log.Append("b", 2_000, Json(2));
        RedisKey deletions = server.Store.Keys.VectorDeletions("item", DocumentSinkRun.Encoder.SettingsHash);
        await using (DocumentSinkRun run = new(server.Store, log)) await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Assert.Equal(1, await server.Store.Database.SortedSetLengthAsync(deletions));
        log.Append("a", 1_500, Json(3)); // older than the deletion, not late, and read by another sink
        log.Append("c", 2_000, Json(4));
        await using DocumentSinkRun again = new(server.Store, log);
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Assert.Equal(["b", "c"], log.Last().Keys.Order(StringComparer.Ordinal));
        log.Heartbeat(10_000);
        await Waiting.UntilAsync(async () => await server.Store.Database.SortedSetLengthAsync(deletions) == 0, "the deletion to be forgotten");
        log.Append("a", 1_600, Json(5));
        log.Append("d", 10_000, Json(6));
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Assert.Equal(1, again.Sink.Late);
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task What_the_log_no_longer_has_is_deleted_when_it_is_read_from_the_beginning(string which)
    {
        await using TestServer server = await StartAsync(which);
        DocumentLog before = new(2), after = new(4);
        Fill(before, new Random(5), 200, 0);
        await using (DocumentSinkRun run = new(server.Store, before)) await DocumentSinkRun.UntilWholeAsync(server.Store, before);
        Fill(after, new Random(6), 30, 100_000); // another partition count: its offsets mean nothing
        await using DocumentSinkRun again = new(server.Store, after);
        await DocumentSinkRun.UntilWholeAsync(server.Store, after);
        Assert.True(again.Sink.Swept > 0);
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task A_document_that_cannot_be_encoded_is_passed_over_and_one_without_leaves_has_no_vector(string which)
    {
        await using TestServer server = await StartAsync(which);
        DocumentLog log = new(1);
        log.Append("a", 1, Json(1));
        log.Append("b", 1, Json(2));
        await using DocumentSinkRun run = new(server.Store, log);
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        VectorStore vectors = new(server.Store, "item", DocumentSinkRun.Encoder.SettingsHash, 32);
        float[] kept = (await vectors.VectorAsync("a"))!;
        log.Append("a", 2, "{ no JSON");
        log.Append("b", 2, """{"nothing":{}}""");
        bool empty = !DocumentSinkRun.Encoder.Encode("""{"nothing":{}}""").AsSpan().ContainsAnyExcept(0f);
        await Waiting.UntilAsync(() => Task.FromResult(run.Sink.Unreadable == 1), "the batch");
        await Waiting.UntilAsync(async () => await vectors.CountAsync() == (empty ? 1 : 2), "the empty document");
        Assert.Equal(kept, await vectors.VectorAsync("a"));
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Of_an_entity_that_is_gone_the_vector_goes_unless_its_document_is_a_newer_one(string which)
    {
        await using TestServer server = await StartAsync(which);
        DocumentSink documents = new(server.Store, "item", DocumentSinkRun.Encoder, TimeSpan.FromSeconds(10));
        RowSink rows = new(server.Store, gone: documents.ExpireAsync);
        await documents.AssignAsync(1, [new(0, 0, 0)]);
        await rows.AssignAsync(1, [new(0, 0, 0)]);
        DocumentChange Document(string id, long time, long offset) => new(id, time, System.Text.Encoding.UTF8.GetBytes(Json(1)), 0, offset);
        await documents.ApplyAsync([Document("expired", 1_000, 0), Document("back", 3_000, 1), Document("other kind", 1_000, 2), Document("no time", 1_000, 3)]);
        await rows.ApplyAsync([
            new("item", "expired", null, 0, 0, GoneMs: 2_000),
            new("item", "back", null, 0, 1, GoneMs: 3_000),
            new("user", "other kind", null, 0, 2, GoneMs: 2_000),
            new("item", "no time", null, 0, 3),
            new("item", "not read yet", null, 0, 4, GoneMs: 2_000),
        ]);
        await documents.ApplyAsync([Document("not read yet", 1_999, 4), Document("expired", 1_500, 5)]);
        VectorStore vectors = new(server.Store, "item", DocumentSinkRun.Encoder.SettingsHash, 32);
        Assert.Null(await vectors.VectorAsync("expired"));
        Assert.Null(await vectors.VectorAsync("not read yet"));
        foreach (string id in new[] { "back", "other kind", "no time" }) Assert.NotNull(await vectors.VectorAsync(id));
        await documents.ApplyAsync([Document("expired", 2_000, 6)]);
        Assert.NotNull(await vectors.VectorAsync("expired"));
    }

    [Fact]
    public async Task Any_order_of_arrival_and_any_batches_give_what_the_naive_reading_gives()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        Gen<(int Id, int Time, int Content)[]> histories = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 40], Gen.Int[0, 4]).Array[1, 60];
        int run = 0;
        await Gen.Select(histories, Gen.Int[1, 20]).SampleAsync(async (history, batch) =>
        {
            await using StoreConnection store = await StoreConnection.ConnectAsync(server.Store.Options with { Namespace = $"property-{Interlocked.Increment(ref run)}" });
            DocumentLog log = new(2, latenessMs: 10);
            foreach ((int id, int time, int content) in history)
                if (id == 5) log.Heartbeat(time);
                else log.Append($"i{id}", time, content == 0 ? null : Json(content));
            DocumentLog.Reader source = log.Read();
            DocumentSink sink = new(store, "item", DocumentSinkRun.Encoder, log.Lateness);
            PartitionBounds[] bounds = [await source.BoundsAsync(0, default), await source.BoundsAsync(1, default)];
            foreach (Rewind start in await sink.AssignAsync(2, bounds)) source.Seek(start.Partition, start.Offset);
            List<DocumentChange> changes = [];
            while (!source.CaughtUp)
            {
                changes.Clear();
                await source.ReadAsync(changes, batch, TimeSpan.Zero, default);
                Assert.Empty(await sink.ApplyAsync(changes));
                if (changes[0].Offset % 3 == 0) Assert.Empty(await sink.ApplyAsync(changes)); // again: nothing changes
            }
            await DocumentSinkRun.UntilWholeAsync(store, log, seconds: 5);
        }, iter: 60, threads: 1);
    }
}
