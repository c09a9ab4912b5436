using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;
using Ranking.Features.Spec;

namespace Ranking.Features.Tests.Joining;

/// <summary>A ranking problem with every kind of owner, window and key, small enough that random histories collide.</summary>
static class SmallProblem
{
    public static readonly RankingSpec Spec = new()
    {
        Version = 1,
        Name = "small",
        Sources = new("impressions.sql"),
        Lateness = TimeSpan.FromSeconds(10),
        Delay = TimeSpan.FromSeconds(5),
        Context = new() { ["tab"] = new(FieldType.Id), ["author"] = new(FieldType.Id, ContextScope.Candidate) },
        Entities = new() { ["user"] = new(), ["item"] = new() },
        Labels = new() { ["click"] = new("click", TimeSpan.FromSeconds(60)), ["buy"] = new("buy", TimeSpan.FromSeconds(30)) },
        Features = new()
        {
            ["user_id"] = new IdFeatureSpec(new("user")),
            ["tab"] = new IdFeatureSpec(new("context", "tab")),
            ["age"] = new NumberFeatureSpec(new("user", "age"), Missing: -1),
            ["likes"] = new NumberFeatureSpec(new("user", "past.likes"), Mean: .5, Missing: -2, By: new("context", "author")),
            ["in_tab"] = new NumberFeatureSpec(new("item", "tabs"), By: new("context", "tab")),
            ["genre"] = new MultiHotFeatureSpec(new("item", "genre"), 2),
            ["user_click"] = Rate([new("user")], "click", [Window(60), Total]),
            ["user_tab_buy"] = Rate([new("user"), new("context", "tab")], "buy", [Window(120)]),
            ["item_click"] = Rate([new("item")], "click", [Window(24), Total]),
            ["item_tab_click"] = Rate([new("item"), new("context", "tab")], "click", [Total]),
            ["author_buy"] = Rate([new("context", "author")], "buy", [Window(240), Total]),
            ["clicked"] = new SequenceFeatureSpec("click", new("item"), 3),
            ["clicked_tabs"] = new SequenceFeatureSpec("click", new("context", "tab"), 2),
            ["since"] = new SinceFeatureSpec("impression", 1000),
        },
        Groups = new() { ["all"] = new(["user_id", "tab", "age", "likes", "in_tab", "genre", "user_click", "user_tab_buy", "item_click", "item_tab_click", "author_buy", "clicked", "clicked_tabs", "since"]) },
    };

    /// <summary>The same, with entities that are forgotten after a silence.</summary>
    public static RankingSpec Expiring(double userSeconds, double itemSeconds) =>
        Spec with { Entities = new() { ["user"] = new(TimeSpan.FromSeconds(userSeconds)), ["item"] = new(TimeSpan.FromSeconds(itemSeconds)) } };

    /// <summary>A record of what was served: some features, of these definitions or of others.</summary>
    public static Served Served(long timeMs, string request, string user, string item, string model, int seed, bool usable)
    {
        FeatureLayout layout = FeatureLayout.Of(Spec);
        int[] offsets = [.. Enumerable.Range(0, layout.IdColumns + 1)];
        var features = new FeatureVector([.. Enumerable.Range(0, layout.NumberWidth).Select(n => n + seed / 8f)], [.. offsets.Skip(1).Select(c => $"s{seed}-{c}")], offsets);
        return Served(timeMs, request, user, item, model, features, usable ? Spec.FeatureHash : "another");
    }

    public static Served Served(long timeMs, string request, string user, string item, string model, FeatureVector features, string hash)
    {
        var packed = new PackedWriter();
        features.Write(packed);
        return new(timeMs, request, user, item, model, hash, 0, [], packed.Written.ToArray());
    }

    static readonly WindowSpec Total = new(null);

    static WindowSpec Window(int seconds) => new(TimeSpan.FromSeconds(seconds));

    static AggregateFeatureSpec Rate(FieldRef[] key, string count, WindowSpec[] windows) =>
        new(key, count, windows, As: [AggregatePart.Rate, AggregatePart.LogCount, AggregatePart.LogOver], Prior: .25, Strength: 2);
}
