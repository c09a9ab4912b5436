using Ranking.Mbat;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

/// <summary>Vector sets of several encoders beside one another, on Garnet and Redis 8.</summary>
public class DocumentSinksTests
{
    static readonly MbatEncoder Old = DocumentSinkRun.Encoder, Next = new(Old.Settings with { Dimension = 64, Seed = 5 });

    static DocumentLog Log(int documents)
    {
        DocumentLog log = new(4, latenessMs: 1_000_000);
        for (int i = 0; i < documents; i++) log.Append($"i{i}", 1 + i, $$"""{"n":{{i}}}""");
        return log;
    }

    static Task UntilCurrentAsync(StoreConnection store, MbatEncoder encoder) =>
        Waiting.UntilAsync(async () => await store.Database.StringGetAsync(store.Keys.VectorsCurrent("item")) == encoder.SettingsHash, "the switch");

    static VectorStore Of(StoreConnection store, MbatEncoder encoder) => new(store, "item", encoder.SettingsHash, encoder.Dimension);

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task A_new_set_is_searched_when_it_is_whole_both_are_kept_fresh_until_then_and_the_unused_one_goes(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        StoreConnection store = server.Store;
        DocumentLog log = Log(300);
        TimeSpan keep = TimeSpan.FromSeconds(3);
        DocumentSinksRun old = new(store, log, Old, keep);
        await Waiting.UntilAsync(async () => await Of(store, Old).CountAsync() == 300, "the vectors");
        await using DocumentSinksRun next = new(store, log, Next, keep);
        await UntilCurrentAsync(store, Next);
        Assert.Equal(300, await Of(store, Next).CountAsync()); // whole at the switch
        Assert.Equal(300, await Of(store, Old).CountAsync()); // kept
        log.Append("after", 1_000, """{"n":-1}""");
        await Waiting.UntilAsync(async () => await Of(store, Next).VectorAsync("after") is not null, "the new document");
        // Who searches by vectors of the old encoder keeps its set, and it is kept fresh.
        CurrentVectors home = new(store, "item", Old);
        Task<string[]> SearchAsync() => home.SearchMadeByAsync(Old, s => s.NearestAsync(Old.Encode("""{"n":-1}"""), 3));
        await Task.Delay(0.6 * keep, TestContext.Current.CancellationToken);
        Assert.Contains("after", await SearchAsync());
        await Task.Delay(0.6 * keep, TestContext.Current.CancellationToken);
        Assert.Contains("after", await SearchAsync());
        await Waiting.UntilAsync(async () => await DocumentSinksRun.KeysOfAsync(store, Old) == 0, "the old set to go");
        await old.DisposeAsync();
        Assert.Equal(0, await DocumentSinksRun.KeysOfAsync(store, Old));
        Assert.Equal(301, await Of(store, Next).CountAsync());
    }


    [Fact]
    public async Task The_process_that_started_last_has_its_way_and_a_return_finds_the_old_set()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        StoreConnection store = server.Store;
        DocumentLog log = Log(200);
        await using DocumentSinksRun a = new(store, log, Old);
        await UntilCurrentAsync(store, Old);
        await using DocumentSinksRun b = new(store, log, Next);
        await UntilCurrentAsync(store, Next);
        for (int i = 0; i < 20; i++) // a, of the old settings, does not want them back
        {
            Assert.Equal(Next.SettingsHash, await store.Database.StringGetAsync(store.Keys.VectorsCurrent("item")));
            await Task.Delay(30, TestContext.Current.CancellationToken);
        }
        await using DocumentSinksRun c = new(store, log, Old);
        await UntilCurrentAsync(store, Old);
        Assert.Equal(200, await Of(store, Old).CountAsync());
    }

    [Fact]
    public async Task A_document_whose_entity_has_expired_does_not_come_back_with_new_settings()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        StoreConnection store = server.Store;
        DocumentLog log = Log(100);
        await using (DocumentSinksRun a = new(store, log, Old))
        {
            await Waiting.UntilAsync(async () => await Of(store, Old).CountAsync() == 100, "the vectors");
            await a.Sinks.DrainAsync(TestContext.Current.CancellationToken);
            await a.Sinks.ExpireAsync([new("item", "i7", null, 0, 0, GoneMs: 50_000)]);
            log.Append("i8", 60_000, "{ no JSON"); // what cannot be encoded keeps its old vector
        }
        await using DocumentSinksRun b = new(store, log, Next);
        await UntilCurrentAsync(store, Next);
        Assert.Null(await Of(store, Next).VectorAsync("i7"));
        Assert.NotNull(await Of(store, Next).VectorAsync("i8"));
        Assert.Equal(99, await Of(store, Next).CountAsync());
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Until_the_new_set_is_whole_searches_stay_with_the_old_one_and_its_own_vectors_are_refused(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        StoreConnection store = server.Store;
        DocumentLog log = Log(100);
        await using (DocumentSinksRun a = new(store, log, Old)) await Waiting.UntilAsync(async () => await Of(store, Old).CountAsync() == 100, "the vectors");
        // A member that holds one of the four partitions: the others' tags are not read by anybody.
        VectorSets sets = new(store, "item");
        await sets.WantAsync(Next.Settings, (await sets.ReadAsync()).WantedMs + 1);
        DocumentSink part = new(store, "item", Next, log.Lateness);
        await part.AssignAsync(4, [new(0, 0, 25)]);
        await part.ApplyAsync([new("i1", 1, System.Text.Encoding.UTF8.GetBytes("[1]"), KeyLayout.TagOf("i1") % 4, 0)]);
        VectorSetSwitch change = new(store, "item", sets, 4, _ => part, () => 0, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        for (int i = 0; i < 5; i++) await change.LookAsync(await sets.ReadAsync(), default);
        CurrentVectors home = new(store, "item", Next);
        Assert.Equal(Old.SettingsHash, await home.SearchAsync((_, encoder) => Task.FromResult(encoder.SettingsHash)));
        Ranking.Features.Errors.RankingException e = await Assert.ThrowsAsync<Ranking.Features.Errors.RankingException>(() => home.SearchMadeByAsync(Next, s => s.NearestAsync(Next.Encode("[1]"), 3)));
        Assert.Equal(Ranking.Features.Errors.ErrorCodes.EncoderDiffers, e.Error);
    }

    [Fact]
    public async Task A_flush_during_the_change_is_mended()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        StoreConnection store = server.Store;
        DocumentLog log = Log(300);
        await using DocumentSinksRun a = new(store, log, Old);
        await Waiting.UntilAsync(async () => await Of(store, Old).CountAsync() == 300, "the vectors");
        await using DocumentSinksRun b = new(store, log, Next);
        for (int flush = 0; flush < 8; flush++) // often between a tag's first vectors and its first offset
        {
            await Waiting.UntilAsync(async () => await Of(store, Next).CountAsync() > 0, "the new set to begin");
            await store.Multiplexer.GetServers()[0].FlushDatabaseAsync(store.Database.Database);
            await UntilCurrentAsync(store, Next);
            await Waiting.UntilAsync(async () => await Of(store, Next).CountAsync() == 300, "the new set to be whole");
            if (flush < 7) await store.Multiplexer.GetServers()[0].FlushDatabaseAsync(store.Database.Database);
        }
    }
}
