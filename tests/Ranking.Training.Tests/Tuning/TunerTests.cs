using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Training.Batches;
using Ranking.Training.Tests.Registry;
using Ranking.Training.Tests.Training;
using Ranking.Training.Tuning;

namespace Ranking.Training.Tests.Tuning;

[Collection("training")] // One at a time: each training uses all cores.
public class TunerTests
{
    static Search Search(int trials) => new()
    {
        Spec = SmallProblem.Spec(new TrainingSpec(Batch: 128, Epochs: 2)),
        Examples = new ExampleList(SmallProblem.Examples(1500, 1)),
        Validation = new ExampleList(SmallProblem.Examples(600, 2)),
        Trials = trials,
        Ranges = [SearchRange.Parse("model.d=8,12,16"), SearchRange.Parse("model.h=2,3,4"), SearchRange.Parse("training.dense_rate=1e-6..5e-2:log"), SearchRange.Parse("training.batch=64,128")],
    };

    sealed class Told(Action<Trial> told) : IProgress<Trial>
    {
        public void Report(Trial value) => told(value);
    }

    static string Line(Trial t) => $"{t.Kind} {t.Number} {string.Join(' ', t.Settings.OrderBy(s => s.Key, StringComparer.Ordinal))} {string.Join(' ', t.Validations)} {t.Auc} {t.Weak} {t.Error}";

    [Fact]
    public void A_search_that_was_killed_goes_on_and_finds_what_an_undisturbed_one_finds()
    {
        using TemporaryFolder folder = new();
        List<string> undisturbed = [], resumed = [];
        TuningOutcome whole = new Tuner(folder["whole"]).Run(Search(7), new Told(t => undisturbed.Add(Line(t))));
        Assert.Equal(7, whole.Trials);
        Assert.Equal(undisturbed.Distinct().Count(), undisturbed.Count);
        Assert.Contains(undisturbed, l => l.Contains(" True ", StringComparison.Ordinal)); // weak ones are stopped after one of two passes

        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() => new Tuner(folder["parts"]).Run(Search(7), new Told(t => { if (t.Number == 2) stop.Cancel(); }), stop.Token));
        File.AppendAllText(folder["parts"], "{\"search\":\"half a li"); // killed while it wrote
        new Tuner(folder["parts"]).Run(Search(7), new Told(t => resumed.Add(Line(t))));
        Assert.Equal(undisturbed, resumed);
        Assert.Equal(7, File.ReadAllLines(folder["parts"]).Length);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder.Path), e => Path.GetFileName(e).StartsWith(".trial", StringComparison.Ordinal));
    }

    [Fact]
    public void The_best_trial_is_the_best_and_its_settings_make_a_spec()
    {
        using TemporaryFolder folder = new();
        List<Trial> trials = [];
        TuningOutcome outcome = new Tuner(folder["log"]).Run(Search(5) with { Kinds = ["tokenmixer-large", "rankmixer"] }, new Told(trials.Add));
        Assert.Equal(10, outcome.Trials);
        Assert.Equal(trials.Max(t => t.Auc), outcome.Best!.Auc);
        Assert.All(outcome.BestByKind, b => Assert.Equal(b.Key, b.Value!.Kind));
        Assert.All(trials, t => Assert.Null(t.Error)); // 8 and 16 have no 3 heads: drawn again
    }

    [Fact]
    public void The_log_of_another_search_is_refused()
    {
        using TemporaryFolder folder = new();
        new Tuner(folder["log"]).Run(Search(1));
        RankingException error = Assert.Throws<RankingException>(() => new Tuner(folder["log"]).Run(Search(2) with { Seed = 9 }));
        Assert.Contains("line 1, belongs to another search", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, new Tuner(folder["log"]).Run(Search(2)).Trials);
    }

    [Theory]
    [InlineData("training.dense_rate")]
    [InlineData("=1..2")]
    [InlineData("a=")]
    [InlineData("a=2..1")]
    [InlineData("a=0..1:log")]
    [InlineData("a=x..y")]
    public void What_is_no_range_is_refused(string text) => Assert.Throws<RankingException>(() => SearchRange.Parse(text));

    [Fact]
    public void Draws_fill_their_range_evenly()
    {
        double[] rates = [.. Enumerable.Range(0, 4000).Select(i => double.Parse(SearchRange.Parse("r=1e-4..1e-1:log").Draw(3, i)))];
        Assert.All(rates, r => Assert.InRange(r, 1e-4, 1e-1));
        Assert.InRange(rates.Count(r => r < 1e-3), 1200, 1470); // a third of the range of the logarithm
        int[] layers = [.. Enumerable.Range(0, 3000).Select(i => int.Parse(SearchRange.Parse("l=1..3").Draw(3, i)))];
        Assert.All(Enumerable.Range(1, 3), l => Assert.InRange(layers.Count(x => x == l), 900, 1100));
        Assert.Equal(["a", "b"], Enumerable.Range(0, 50).Select(i => SearchRange.Parse("k=a,b").Draw(1, i)).Distinct().Order());
    }

    [Fact]
    public void The_default_ranges_make_specs_for_every_kind_that_the_models_have()
    {
        foreach (string kind in (string[])["tokenmixer-large", "rankmixer"])
        {
            using TemporaryFolder folder = new();
            Assert.Equal(1, new Tuner(folder["log"]).Run(Search(1) with { Kinds = [kind], Ranges = [] }).Trials);
        }
    }
}
