using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Models.Tests;

/// <summary>A small ranking problem with every kind of column, and random examples of it.</summary>
static class Problem
{
    public static FeatureLayout Layout(int tasks = 2, TableSpec? table = null, Pooling pooling = Pooling.Mean, int dimension = 8) => FeatureLayout.Of(new RankingSpec
    {
        Version = 1,
        Name = "small",
        Sources = new SourcesSpec("impressions.sql"),
        Labels = new(Enumerable.Range(0, tasks).Select(k => KeyValuePair.Create($"label{k}", new LabelSpec($"kind{k}", TimeSpan.FromHours(1))))),
        Tables = new() { ["default"] = table ?? new TableSpec(dimension) },
        Features = new()
        {
            ["user"] = new IdFeatureSpec(new FieldRef("user")),
            ["item"] = new IdFeatureSpec(new FieldRef("item"), Table: "video"),
            ["tags"] = new MultiHotFeatureSpec(new FieldRef("item", "tags"), 5),
            ["history"] = new SequenceFeatureSpec("click", new FieldRef("item"), 6, pooling, "video"),
            ["duration"] = new NumberFeatureSpec(new FieldRef("item", "duration")),
            ["user_rate"] = new AggregateFeatureSpec([new FieldRef("user")], "click", [new WindowSpec(null)]),
            ["hour"] = new TimeFeatureSpec(TimePart.Hour),
        },
        Groups = new()
        {
            ["who"] = new GroupSpec(["user", "user_rate"], Side.User),
            ["past"] = new GroupSpec(["history"], pooling == Pooling.Din ? Side.Request : Side.User),
            ["what"] = new GroupSpec(["item", "tags", "duration"], Side.Item),
            ["when"] = new GroupSpec(["hour", "user_rate"]),
        },
    });

    /// <summary>Examples whose labels depend on user and item, so that there is something to learn.</summary>
    public static Example[] Examples(FeatureLayout layout, int count, int seed, int users = 50, int items = 80)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int user = random.Next(users), item = random.Next(items);
            double affinity = (user % 5 + item % 5) / 8.0;
            float[] labels = [.. layout.Labels.Select((_, k) => random.NextDouble() < (k == 0 ? affinity : 1 - affinity) ? 1f : 0f)];
            return new Example(1_700_000_000_000 + i * 1000L, $"r{i}", $"u{user}", $"v{item}", $"u{user}", Vector(layout, random, user, item), labels, ExampleSource.Backfilled);
        })];
    }

    /// <summary>The features of one user and item; what belongs to either is a function of its number.</summary>
    public static FeatureVector Vector(FeatureLayout layout, Random random, int user, int item)
    {
        float[] numbers = new float[layout.NumberWidth];
        List<string> ids = [];
        List<int> offsets = [0];
        foreach (FeatureColumn column in layout.Columns)
        {
            if (column.IsIds)
            {
                ids.AddRange(column.Feature switch
                {
                    "user" => [$"u{user}"],
                    "item" => [$"v{item}"],
                    "tags" => Enumerable.Range(0, item % 4).Select(t => $"t{(item + t) % 9}"),
                    "history" => Enumerable.Range(0, user % 7).Select(h => $"v{(user + h) % 20}"),
                    _ => [$"{random.Next(24)}"],
                });
                offsets.Add(ids.Count);
            }
            else
            {
                for (int i = 0; i < column.Width; i++) numbers[column.Index + i] = MathF.Sin((column.Feature == "duration" ? item : user) + i);
            }
        }
        return new FeatureVector(numbers, [.. ids], [.. offsets]);
    }
}
