using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Trees;
using Ranking.Training.Batches;
using Ranking.Training.Registry;
using Ranking.Training.Tests.Registry;

namespace Ranking.Training.Tests.Training;

public sealed class TreeTests
{
    static readonly ModelSpec Trees = new(Kind: "lightgbm", Rounds: 40, Leaves: 7, Shrinkage: 0.1);

    [Theory]
    [InlineData("lightgbm")]
    [InlineData("lightgbm-rank")]
    public void Trees_learn_are_published_and_score_the_same_when_read_again(string kind)
    {
        using TemporaryFolder folder = new();
        RankingSpec spec = SmallProblem.Spec(new TrainingSpec(), Trees with { Kind = kind });
        ModelRegistry registry = new(folder.Path);
        List<Example> valid = SmallProblem.Examples(1500, 2);
        TrainingOutcome outcome = new Trainer(registry).Train(new TrainingRun { Spec = spec, Examples = new ExampleList(SmallProblem.Examples(4000, 1)), Validation = new ExampleList(valid) },
            cancel: TestContext.Current.CancellationToken);

        Assert.True(outcome.Promoted);
        Assert.InRange(outcome.Metrics!.Labels["click"].Auc!.Value, 0.78, 1);
        Assert.InRange(outcome.Metrics.Labels["click"].Calibration!.Value, 0.9, 1.1); // The ranker's scores too are probabilities.
        Assert.Equal((0, 3999), (outcome.Samples - 4000, registry.Open("small").Info.LastTimeMs));

        FeatureVector[] vectors = [.. valid.Take(50).Select(e => e.Features)];
        using IScoringModel again = VersionModel.Load(registry.Open("small"));
        using TreeModel trained = TreeModel.Train(FeatureLayout.Of(spec), spec.Model, spec.Training.Seed, () => SmallProblem.Examples(4000, 1), cancel: TestContext.Current.CancellationToken);
        Assert.Equal(trained.Score(vectors), again.Score(vectors));
        Assert.Equal(again.Score(vectors), new CandidateScorer(again).Score(vectors));
        Assert.StartsWith("tree\nversion=v4", File.ReadAllText(Path.Combine(registry.Open("small").Folder, TreeModel.FileOf("buy"))), StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_that_training_did_not_know_scores_as_one_that_is_missing()
    {
        RankingSpec spec = SmallProblem.Spec(new TrainingSpec(), Trees);
        using TreeModel model = TreeModel.Train(FeatureLayout.Of(spec), spec.Model, 1, () => SmallProblem.Examples(3000, 1), cancel: TestContext.Current.CancellationToken);
        FeatureVector unknown = new([0.1f], ["someone", "i3"], [0, 1, 2]), missing = new([0.1f], ["i3"], [0, 0, 1]);
        Assert.Equal(model.Score([missing]), model.Score([unknown]));
    }

    [Fact]
    public void A_damaged_file_of_trees_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        RankingSpec spec = SmallProblem.Spec(new TrainingSpec(), Trees);
        FeatureLayout layout = FeatureLayout.Of(spec);
        using (TreeModel model = TreeModel.Train(layout, spec.Model, 1, () => SmallProblem.Examples(1000, 1), cancel: TestContext.Current.CancellationToken)) model.Save(folder.Path);
        string path = Path.Combine(folder.Path, TreeModel.FileOf("click"));
        File.WriteAllText(path, "no trees");
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => TreeModel.Load(folder.Path, layout, spec.Model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trees_refuse_what_they_cannot_do()
    {
        using TemporaryFolder folder = new();
        RankingSpec spec = SmallProblem.Spec(new TrainingSpec(), Trees);
        Trainer trainer = new(new ModelRegistry(folder.Path));
        TrainingRun run = new() { Spec = spec, Examples = new ExampleList(SmallProblem.Examples(100, 1)), Resume = true };
        Assert.Equal(ErrorCodes.WrongUsage, Assert.Throws<RankingException>(() => trainer.Train(run, cancel: TestContext.Current.CancellationToken)).Error);
    }
}
