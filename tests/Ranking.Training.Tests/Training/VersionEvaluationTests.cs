using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Examples;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;
using Ranking.Training.Tests.Registry;

namespace Ranking.Training.Tests.Training;

[Collection("training")]
public class VersionEvaluationTests
{
    static string Write(string path, RankingSpec spec, IEnumerable<Example> examples)
    {
        using ExampleFileWriter writer = new(path, spec);
        foreach (Example example in examples) writer.Add(example);
        writer.Complete();
        return path;
    }

    [Fact]
    public void Versions_are_evaluated_by_segment_and_compared_from_files()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder["registry"]);
        RankingSpec spec = SmallProblem.Spec(new TrainingSpec(Batch: 128, Epochs: 2));
        string train = Write(folder["train.parquet"], spec, SmallProblem.Examples(3000, 1)), held = Write(folder["held.parquet"], spec, SmallProblem.Examples(2000, 2, users: 60));
        Trainer trainer = new(registry);
        trainer.Train(new TrainingRun { Spec = spec, Examples = new ExampleFiles(spec, [train]), Validation = new ExampleFiles(spec, [held]) });
        RankingSpec idle = spec with { Training = spec.Training with { DenseRate = 1e-9, SparseRate = 1e-9 } };
        trainer.Train(new TrainingRun { Spec = idle, Examples = new ExampleFiles(idle, [train]), Validation = new ExampleFiles(idle, [held]) });

        VersionEvaluation evaluation = new(registry);
        EvaluationReport report = evaluation.Evaluate(VersionName.Parse("small@1"), [held], segment: "new:user", resamples: 50);
        Assert.Equal(2000, report.Rows);
        Assert.True(report.Labels["click"].Auc > 0.75);
        Assert.NotNull(report.Labels["click"].AucLow);
        Assert.Equal(["known", "new"], report.Segments!.Keys.Order()); // users 40 to 59 were never learned from
        Assert.InRange(report.Segments["new"]["click"].Rows, 550, 780);
        EvaluationReport tenths = evaluation.Evaluate(VersionName.Parse("small"), [held], new TimeRange(0, 1000), "x");
        Assert.Equal(1000, tenths.Rows);
        Assert.Equal(10, tenths.Segments!.Count);
        Assert.All(tenths.Segments.Values, s => Assert.Equal(100, s["click"].Rows));

        ComparisonReport same = evaluation.Compare(VersionName.Parse("small@1"), VersionName.Parse("small@1"), [held]);
        Assert.Equal((0, 1), (same.Labels["click"]!.DeltaAuc, same.Labels["click"]!.P));
        ComparisonReport better = evaluation.Compare(VersionName.Parse("small@2"), VersionName.Parse("small@1"), [held]);
        Assert.True(better.Labels["click"]!.Low > 0.1 && better.Labels["click"]!.P < 1e-6, $"{better.Labels["click"]}");

        // Another spec's features of the same examples, by segments of A.
        RankingSpec other = spec with { Features = new(spec.Features) { ["x_again"] = spec.Features["x"] }, Groups = new(spec.Groups) { ["again"] = new(["x_again"]) } };
        static List<Example> Twice(List<Example> examples) => [.. examples.Select(e => e with { Features = new([e.Features.Numbers[0], e.Features.Numbers[0]], [e.User, e.Item], [0, 1, 2]) })];
        Assert.NotEqual(spec.FeatureHash, other.FeatureHash);
        string trainOther = Write(folder["train-other.parquet"], other, Twice(SmallProblem.Examples(3000, 1))), heldOther = Write(folder["held-other.parquet"], other, Twice(SmallProblem.Examples(2000, 2, users: 60)));
        trainer.Train(new TrainingRun { Spec = other, Examples = new ExampleFiles(other, [trainOther]), Validation = new ExampleFiles(other, [heldOther]) });
        Assert.Equal("RNK1006", Assert.Throws<RankingException>(() => evaluation.Compare(VersionName.Parse("small@1"), VersionName.Parse("small@3"), [held])).Error.Code);
        ComparisonReport across = evaluation.Compare(VersionName.Parse("small@2"), VersionName.Parse("small@3"), [held], filesB: [heldOther], segment: "new:user");
        Assert.True(across.Labels["click"]!.Low > 0.1);
        Assert.Equal(2000, across.Segments!.Values.Sum(part => part.Rows));
        Assert.Equal(report.Segments["new"]["click"].Auc!.Value - evaluation.Evaluate(VersionName.Parse("small@2"), [held], segment: "new:user").Segments!["new"]["click"].Auc!.Value,
            evaluation.Compare(VersionName.Parse("small@2"), VersionName.Parse("small@1"), [held], segment: "new:user").Segments!["new"].Labels["click"]!.DeltaAuc, 1e-9);
        Assert.Equal("RNK4003", Assert.Throws<RankingException>(() => evaluation.Compare(VersionName.Parse("small@1"), VersionName.Parse("small@3"), [held], filesB: [trainOther])).Error.Code);

        EvaluationReport baseline = VersionEvaluation.Baseline(spec, new ExampleFiles(spec, [train]), new TimeRange(1500));
        Assert.Equal(1500, baseline.Rows);
        Assert.InRange(baseline.Labels["click"].Auc!.Value, 0.6, report.Labels["click"].Auc!.Value); // items differ, the number it does not see
        Assert.Equal("RNK0001", Assert.Throws<RankingException>(() => evaluation.Evaluate(VersionName.Parse("small"), [held], segment: "y")).Error.Code);
        Assert.Equal("RNK4004", Assert.Throws<RankingException>(() => evaluation.Evaluate(VersionName.Parse("small"), [held], new TimeRange(5000))).Error.Code);
    }
}
