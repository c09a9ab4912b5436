using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Networks;
using Ranking.Models.Optimizers;

namespace Ranking.Models.Tests;

public class ModelTrainerTests
{
    static readonly ModelSpec Small = new(D: 16, H: 4, TokenizerInit: 0.5);

    public static TheoryData<string, string> Kinds() => [.. NetworkKind.All.SelectMany(k => new[] { (k.Name, "rms"), (k.Name, "batch") })];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_learns_reaches_every_weight_and_is_read_back_as_written(string kind, string norm)
    {
        FeatureLayout layout = Problem.Layout(tasks: 3);
        ModelSpec spec = Small with { Kind = kind, Hidden = [32, 16], Norm = norm };
        using RankingModel model = new(layout, spec, 1);
        Dictionary<string, float[]> start = model.Parameters.ParameterNames.ToDictionary(n => n, model.Parameters.ToArray);
        using ModelTrainer trainer = new(model, new TrainingSpec());
        Example[] examples = Problem.Examples(layout, 4096, 1);
        double first = Loss(model, examples);
        for (int epoch = 0; epoch < 4; epoch++)
            foreach (Example[] batch in examples.Chunk(256)) trainer.TrainStep(batch);
        double last = Loss(model, examples);
        Assert.True(last < first - 0.05 && last < 0.64, $"loss went from {first} to {last}");
        // A bias before a BatchNorm has no gradient: the norm takes it out again.
        foreach ((string name, float[] before) in start.Where(s => norm == "rms" || !s.Key.EndsWith(".bias", StringComparison.Ordinal))) Assert.False(before.AsSpan().SequenceEqual(model.Parameters.ToArray(name)), $"'{name}' never moved");

        using Folder folder = new();
        model.Save(folder.Path);
        using RankingModel again = RankingModel.Load(folder.Path, layout, spec);
        FeatureVector[] vectors = [.. examples.Take(50).Select(e => e.Features)];
        Assert.Equal(model.Score(vectors), again.Score(vectors));
    }

    static double Loss(RankingModel model, Example[] examples)
    {
        float[] scores = model.Score([.. examples.Select(e => e.Features)]);
        return examples.SelectMany(e => e.Labels).Zip(scores, (y, p) => -Math.Log(y > 0 ? p : 1 - p)).Average();
    }

    [Theory]
    [InlineData("adagrad")]
    [InlineData("adam")]
    [InlineData("adamw")]
    public void Training_learns_what_the_labels_depend_on(string optimizer)
    {
        FeatureLayout layout = Problem.Layout();
        using RankingModel model = new(layout, Small, 1);
        using ModelTrainer trainer = new(model, new TrainingSpec(Optimizer: optimizer, WeightDecay: 1e-5));
        Example[] examples = Problem.Examples(layout, 4096, 1);
        float first = 0, last = 0;
        for (int epoch = 0; epoch < 6; epoch++)
        {
            foreach (Example[] batch in examples.Chunk(256))
            {
                last = trainer.TrainStep(batch).Loss;
                if (first == 0) first = last;
            }
        }
        Assert.InRange(first, 0.6f, 0.8f);
        Assert.True(last < 0.6f, $"loss went from {first} to {last}");
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_training_and_changes_no_weight()
    {
        FeatureLayout layout = Problem.Layout();
        using RankingModel model = new(layout, Small, 1);
        using ModelTrainer trainer = new(model, new TrainingSpec());
        Example[] examples = Problem.Examples(layout, 64, 1);
        trainer.TrainStep(examples);
        float[] head = model.Parameters.ToArray("head.weight"), row = model.Tables["user"].Row(model.Tables["user"].Find(examples[0].User)).ToArray();
        Example infinite = examples[1] with { Labels = [float.PositiveInfinity, 0] };
        Assert.Throws<NonFiniteLossException>(() => trainer.TrainStep([examples[0], infinite]));
        Assert.Equal(head, model.Parameters.ToArray("head.weight"));
        Assert.Equal(row, model.Tables["user"].Row(model.Tables["user"].Find(examples[0].User)).ToArray());
        Assert.Equal(1, trainer.Step);
        Assert.True(float.IsFinite(trainer.TrainStep(examples).Loss));
    }

    [Fact]
    public void An_unknown_label_weighs_nothing()
    {
        FeatureLayout layout = Problem.Layout();
        Example[] examples = Problem.Examples(layout, 64, 1);
        Example[] unknown = [.. examples.Select((e, i) => i < 32 ? e : e with { Labels = [float.NaN, float.NaN] })];
        using RankingModel first = new(layout, Small, 1), second = new(layout, Small, 1);
        using ModelTrainer all = new(first, new TrainingSpec()), half = new(second, new TrainingSpec());
        Assert.Equal(half.TrainStep(examples[..32]).Loss, all.TrainStep(unknown).Loss, 1e-5f);
    }

    [Fact]
    public void Rates_fall_to_zero_at_a_known_end_and_stay_in_a_stream()
    {
        double[] known = [.. Enumerable.Range(1, 104).Select(i => LearningRate.Of("cosine", 4, 104).At(i))];
        Assert.Equal(0.2, known[0], 12);
        Assert.Equal(1, known.Max());
        Assert.Equal(known[4..].OrderDescending(), known[4..]);
        Assert.InRange(known[^1], 0, 0.001);
        Assert.Equal(1, LearningRate.Of("cosine", 4, null).At(1_000_000));
        Assert.Equal(1, LearningRate.Of("constant", 0, 10).At(10));
    }
}
