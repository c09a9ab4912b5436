using Ranking.Cli.Quickstart;
using Ranking.Features.Spec;

namespace Ranking.Cli.Tests;

public class QuickstartServersTests
{
    [Fact]
    public async Task A_server_that_does_not_say_what_it_uses_is_asked_for_keys_and_values()
    {
        var spec = new RankingSpec
        {
            Version = 1,
            Name = "small",
            Sources = new("impressions.sql"),
            Labels = new() { ["click"] = new("click", TimeSpan.FromMinutes(1)) },
            Features = new() { ["user_id"] = new IdFeatureSpec(new("user")) },
            Groups = new() { ["all"] = new(["user_id"]) },
        };
        await using QuickstartServers servers = await QuickstartServers.StartAsync(spec, "small-1", null, null);
        long empty = await servers.UsedMemoryAsync();
        for (int i = 0; i < 2_500; i++) await servers.Store.Database.StringSetAsync($"small-1:{{{i % 64}}}:item:{i:D5}", new byte[200]);
        await servers.Store.Database.StringSetAsync("other:key", new byte[10_000]);
        long perKey = "small-1:{0}:item:00000".Length + 200, grown = await servers.UsedMemoryAsync() - empty;
        Assert.InRange(grown, 2_500 * perKey, 2_500 * (perKey + 1)); // two digits of a tag take one byte more
    }
}
