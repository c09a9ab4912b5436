using Ranking.Store.Rows;
using Ranking.Store.Tokens;
using Ranking.Store.Upkeep;

namespace Ranking.Store.Tests;

public class StoreUpkeepTests
{
    static async IAsyncEnumerable<(EntityKey, byte[])> RowsAsync(MemoryLog log)
    {
        foreach (((string kind, string id), byte[] value) in log.LastRows()) yield return (new EntityKey(kind, id), value);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Verify_finds_a_changed_a_missing_and_a_surplus_key_and_rebuild_mends_them()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
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
    public async Task Erase_removes_row_and_tokens()
    {
        await using TestServer server = await TestServer.StartAsync("garnet");
        StoreConnection store = server.Store;
        await using (TokenWriter writer = new(store)) writer.TryWrite("v1", "u", CachedToken.Write(1, [1], []));
        await store.Database.StringSetAsync(store.Keys.Row("user", "u"), "x");
        StoreUpkeep upkeep = new(store);
        Assert.Equal(2, await upkeep.EraseAsync(new EntityKey("user", "u")));
        Assert.Equal(0, await upkeep.EraseAsync(new EntityKey("user", "u")));
    }
}
