using System.Text;
using Ranking.Store.Upkeep;
using Ranking.Store.Vectors;

namespace Ranking.Store.Tests;

public class VectorUpkeepTests
{
    static async IAsyncEnumerable<(string, byte[])> DocumentsAsync(DocumentLog log)
    {
        foreach ((string id, string json) in log.Last()) yield return (id, Encoding.UTF8.GetBytes(json));
        await Task.CompletedTask;
    }

    static DocumentLog Log()
    {
        DocumentLog log = new(2);
        for (int i = 0; i < 300; i++) log.Append($"i{i}", i, $$"""{"n":{{i}},"word":"w{{i % 7}}"}""");
        return log;
    }

    [Theory]
    [MemberData(nameof(TestServer.WithVectorSets), MemberType = typeof(TestServer))]
    public async Task Verify_finds_a_changed_a_missing_and_a_surplus_vector_and_rebuild_mends_them(string which)
    {
        await using TestServer server = await TestServer.StartAsync(which);
        DocumentLog log = Log();
        VectorUpkeep upkeep = new(server.Store, "item", DocumentSinkRun.Encoder);
        await using DocumentSinkRun run = new(server.Store, log);
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Assert.Equal((300, true), ((await upkeep.VerifyAsync(DocumentsAsync(log))).Same, (await upkeep.VerifyAsync(DocumentsAsync(log))).None));
        VectorStore vectors = new(server.Store, "item", DocumentSinkRun.Encoder.SettingsHash, 32);
        await vectors.PutAsync([new("i7", DocumentSinkRun.Encoder.Encode("[1]"))]);
        await vectors.RemoveAsync(["i8"]);
        await new VectorInventory(server.Store, "item", DocumentSinkRun.Encoder.SettingsHash).PutAsync([("nobody", new(1, 1))]);
        StoreDifferences found = await upkeep.VerifyAsync(DocumentsAsync(log));
        Assert.Equal((298, 1, 1, 1), (found.Same, found.Changed, found.Missing, found.Surplus));
        await upkeep.RebuildAsync();
        await DocumentSinkRun.UntilWholeAsync(server.Store, log);
        Assert.True(await upkeep.EraseAsync("i9"));
        Assert.False(await upkeep.EraseAsync("i9"));
        Assert.Equal(1, (await upkeep.VerifyAsync(DocumentsAsync(log))).Missing);
    }
}
