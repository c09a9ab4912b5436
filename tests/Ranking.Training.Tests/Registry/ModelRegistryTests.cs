using Ranking.Features.Errors;
using Ranking.Training.Registry;

namespace Ranking.Training.Tests.Registry;

public class ModelRegistryTests
{
    [Fact]
    public void Versions_count_from_one_and_the_first_is_promoted()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 0);
        Assert.Null(registry.Promoted("feed"));
        Assert.Equal(1, registry.Publish("feed", Versions.Info, Versions.Write).Info.Version);
        Assert.Equal(2, registry.Publish("feed", Versions.Info, Versions.Write).Info.Version);
        Assert.Equal(1, registry.Promoted("feed"));
        Assert.Equal(3, registry.Publish("feed", Versions.Info, Versions.Write, promote: true).Info.Version);
        Assert.Equal(3, registry.Open("feed").Info.Version);
        Assert.Equal("feed@2", registry.Open(VersionName.Parse("feed@2")).ToString());
        Assert.Equal([false, false, true], registry.List().Select(l => l.Promoted));
        Assert.Equal("rows of items", File.ReadAllText(Path.Combine(registry.Open("feed", 2).Folder, "tables", "item")));
    }

    [Fact]
    public void Rollback_walks_back_through_what_served()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 4);
        registry.Promote("feed", 3);
        registry.Promote("feed", 3);
        registry.Promote("feed", 2);
        Assert.Equal(3, registry.Rollback("feed"));
        Assert.Equal(1, registry.Rollback("feed"));
        RegistryException error = Assert.Throws<RegistryException>(() => registry.Rollback("feed"));
        Assert.Contains("none to roll back to", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, registry.Promoted("feed"));
    }

    [Fact]
    public void What_does_not_exist_is_refused_with_what_does()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 2);
        Assert.Contains("has no version 7", Assert.Throws<RegistryException>(() => registry.Promote("feed", 7)).Message, StringComparison.Ordinal);
        Assert.Contains("it has 1, 2", Assert.Throws<RegistryException>(() => registry.Open("feed", 7)).Message, StringComparison.Ordinal);
        Assert.Contains("no promoted version", Assert.Throws<RegistryException>(() => registry.Open("other")).Message, StringComparison.Ordinal);
        Assert.Equal(1, registry.Promoted("feed"));
    }

    [Theory]
    [InlineData("../feed")]
    [InlineData("")]
    [InlineData(".lock")]
    [InlineData("a/b")]
    [InlineData("feed@0")]
    [InlineData("feed@x")]
    [InlineData("feed@")]
    public void Names_that_lead_elsewhere_are_refused(string name) => Assert.Throws<RankingException>(() => VersionName.Parse(name));

    [Fact]
    public void A_writer_that_fails_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 1);
        Assert.Throws<InvalidOperationException>(() => registry.Publish("feed", Versions.Info, f =>
        {
            Versions.Write(f);
            throw new InvalidOperationException("disk is full");
        }));
        Assert.Equal([1], registry.Versions("feed"));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder["feed"]), e => Path.GetFileName(e).StartsWith(".writing", StringComparison.Ordinal));
    }

    [Fact]
    public void Pruning_spares_what_serves_and_what_a_rollback_needs()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 6);
        registry.Promote("feed", 3);
        Assert.Equal([2, 4], registry.Prune("feed", 2));
        Assert.Equal([1, 3, 5, 6], registry.Versions("feed"));
        Assert.Equal(1, registry.Rollback("feed"));
    }

    [Fact]
    public async Task A_watcher_tells_of_every_promotion_and_survives_a_broken_pointer()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = Versions.Registry(folder, 0);
        using CancellationTokenSource stop = new(TimeSpan.FromSeconds(30));
        List<Exception> trouble = [];
        await using IAsyncEnumerator<int> seen = new RegistryWatcher(registry, TimeSpan.FromMilliseconds(5)).Watch("feed", trouble.Add, stop.Token).GetAsyncEnumerator(stop.Token);
        Task<bool> next = seen.MoveNextAsync().AsTask();
        Versions.Registry(folder, 3);
        Assert.True(await next);
        Assert.Equal(1, seen.Current);
        next = seen.MoveNextAsync().AsTask();
        byte[] good = File.ReadAllBytes(folder["feed/promoted"]);
        File.WriteAllText(folder["feed/promoted"], "{\"format\":1,");
        while (trouble.Count == 0 && !stop.IsCancellationRequested) await Task.Delay(5, stop.Token);
        Assert.False(next.IsCompleted);
        File.WriteAllBytes(folder["feed/promoted"], good);
        registry.Promote("feed", 2);
        Assert.True(await next);
        Assert.Equal(2, seen.Current);
        Assert.Single(trouble);
        next = seen.MoveNextAsync().AsTask();
        await stop.CancelAsync();
        Assert.False(await next);
    }
}
