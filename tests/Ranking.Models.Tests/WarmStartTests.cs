using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Checkpoints;

namespace Ranking.Models.Tests;

public class WarmStartTests
{
    /// <summary>Two features swap places, one is new in the middle (and always 0 below), one group's feature is gone from another group.</summary>
    static RankingSpec Spec(bool changed) => new()
    {
        Version = 1,
        Name = "small",
        Sources = new SourcesSpec("impressions.sql"),
        Labels = new() { ["click"] = new LabelSpec("click", TimeSpan.FromHours(1)) },
        Tables = new() { ["default"] = new TableSpec(4) },
        Features = new()
        {
            ["user"] = new IdFeatureSpec(new FieldRef("user")),
            ["item"] = new IdFeatureSpec(new FieldRef("item")),
            ["a"] = new NumberFeatureSpec(new FieldRef("item", "a")),
            ["b"] = new NumberFeatureSpec(new FieldRef("item", "b")),
            ["c"] = new NumberFeatureSpec(new FieldRef("item", "c")),
        },
        Groups = new()
        {
            ["who"] = new GroupSpec(["user"], Side.User),
            ["what"] = new GroupSpec(changed ? ["b", "c", "item", "a"] : ["item", "a", "b"]),
        },
    };

    [Theory]
    [InlineData("tokenmixer-large")]
    [InlineData("dnn")]
    public void A_changed_spec_scores_as_before_where_its_new_features_say_nothing(string kind)
    {
        FeatureLayout before = FeatureLayout.Of(Spec(changed: false)), now = FeatureLayout.Of(Spec(changed: true));
        ModelSpec model = new(Kind: kind, D: 8, H: 2, L: 2, Hidden: [12], Cross: "beside", DownInit: 1);
        using Folder folder = new();
        using RankingModel old = new(before, model, 1);
        using (ModelTrainer trainer = new(old, new TrainingSpec()))
            foreach (Example[] batch in Examples(600).Chunk(50)) trainer.TrainStep(batch);
        old.Save(folder.Path);

        (RankingModel warm, WarmStart taken) = WarmStart.Begin(folder.Path, before, model, now, model, seed: 9);
        using RankingModel _ = warm;
        FeatureVector[] vectors = [.. Examples(40).Select(e => e.Features)];
        float[] expected = old.Score(vectors), scores = warm.Score(vectors);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], scores[i], 1e-5);
        Assert.Equal(["user", "item"], taken.Tables);
        Assert.Empty(taken.Fresh);
        using ModelTrainer on = new(warm, new TrainingSpec());
        on.TrainStep(Examples(20));
    }

    [Fact]
    public void Another_kind_keeps_the_tables_alone()
    {
        FeatureLayout layout = FeatureLayout.Of(Spec(changed: false));
        using Folder folder = new();
        using (RankingModel old = new(layout, new ModelSpec(D: 8, H: 2), 1)) old.Save(folder.Path);
        (RankingModel warm, WarmStart taken) = WarmStart.Begin(folder.Path, layout, new ModelSpec(D: 8, H: 2), layout, new ModelSpec(Kind: "dnn"), seed: 9);
        warm.Dispose();
        Assert.Equal(2, taken.Tables.Count);
        Assert.Empty(taken.Tensors);
    }

    /// <summary>The feature c, new in the changed spec, is 0 in all of them.</summary>
    static Example[] Examples(int count)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, count).Select(i => new Example(i, $"r{i}", "u", "v", "l",
            new FeatureVector([random.NextSingle(), random.NextSingle(), 0], [$"u{random.Next(9)}", $"v{random.Next(9)}"], [0, 1, 2]), [random.Next(2)], ExampleSource.Backfilled))];
    }
}
