using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Training.Evaluation;
using Ranking.Training.Tests.Batches;

namespace Ranking.Training.Tests.Evaluation;

public class SmoothedTargetMeanTests
{
    static RankingSpec Spec(params FieldRef[] baseline) => new()
    {
        Version = 1,
        Name = "s",
        Sources = new SourcesSpec("i.sql"),
        Labels = new() { ["click"] = new LabelSpec("click", TimeSpan.FromMilliseconds(10)), ["buy"] = new LabelSpec("buy", TimeSpan.FromMilliseconds(5)) },
        Features = new() { ["tab"] = new IdFeatureSpec(new FieldRef("context", "tab")) },
        Groups = new() { ["all"] = new GroupSpec(["tab"]) },
        Baseline = baseline,
    };

    static Example At(long time, string user, string item, string? tab, params float[] labels) =>
        new(time, "r", user, item, "l", tab is null ? new FeatureVector([], [], [0, 0]) : new FeatureVector([], [tab], [0, 1]), labels, ExampleSource.Backfilled);

    [Fact]
    public void It_agrees_with_its_definition_on_a_random_history()
    {
        Random random = new(4);
        List<Example> log = [];
        for (int i = 0, time = 0; i < 300; i++)
        {
            time += random.Next(4);
            log.Add(At(time, $"u{random.Next(5)}", $"i{random.Next(9)}", random.Next(4) is 0 ? null : $"t{random.Next(3)}", random.Next(2), random.Next(2)));
        }
        SmoothedTargetMean baseline = new(Spec(new FieldRef("user"), new FieldRef("item"), new FieldRef("context", "tab")), smoothing: 7);
        double[] scores = new double[2];
        for (int i = 0; i < log.Count; i++)
        {
            baseline.Next(log[i], scores);
            Example[] known = [.. log.Take(i).Where(e => e.TimeMs + 10 <= log[i].TimeMs)];
            for (int label = 0; label < 2; label++)
            {
                double overall = known.Length == 0 ? 0.5 : known.Average(e => (double)e.Labels[label]);
                double Rate(Func<Example, string?> key)
                {
                    Example[] own = key(log[i]) is null ? [] : [.. known.Where(e => key(e) == key(log[i]))];
                    return (own.Sum(e => (double)e.Labels[label]) + 7 * overall) / (own.Length + 7);
                }
                string? Tab(Example e) => e.Features.Ids.FirstOrDefault();
                Assert.Equal((Rate(e => e.User) + Rate(e => e.Item) + Rate(Tab)) / 3, scores[label], 1e-12);
            }
        }
    }

    [Fact]
    public void A_key_that_examples_do_not_hold_is_refused_by_its_name()
    {
        RankingException error = Assert.Throws<RankingException>(() => new SmoothedTargetMean(Spec(new FieldRef("context", "place"))));
        Assert.Contains("'context.place'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Examples_out_of_order_are_refused()
    {
        SmoothedTargetMean baseline = new(Spec(new FieldRef("user")));
        baseline.Next(SomeExamples.At(10, labels: [1, 0]), new double[2]);
        Assert.Throws<ArgumentException>(() => baseline.Next(SomeExamples.At(9, labels: [1, 0]), new double[2]));
    }

    [Fact]
    public void Gauc_is_refused_where_the_users_own_history_moves_inside_lists()
    {
        RankingSpec still = Spec() with { List = ["user", "day"] };
        RankingSpec moving = still with { Features = new(still.Features) { ["rate"] = new AggregateFeatureSpec([new FieldRef("user"), new FieldRef("context", "tab")], "click", [new WindowSpec(null)]) } };
        Assert.Null(GaucRule.ReasonAgainst(still, null, 100));
        Assert.Contains("rate", GaucRule.ReasonAgainst(moving, null, 100), StringComparison.Ordinal);
        Assert.Contains("rate", GaucRule.ReasonAgainst(moving, 101, 100), StringComparison.Ordinal);
        Assert.Null(GaucRule.ReasonAgainst(moving, 100, 100));
        Assert.Null(GaucRule.ReasonAgainst(moving with { List = ["request_id"] }, null, 100));
    }
}
