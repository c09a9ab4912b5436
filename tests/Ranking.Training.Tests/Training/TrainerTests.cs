using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;
using Ranking.Training.Tests.Registry;

namespace Ranking.Training.Tests.Training;

[Collection("training")] // One at a time: each training uses all cores.
public class TrainerTests
{
    static readonly List<Example> Learned = SmallProblem.Examples(4000, 1), Held = SmallProblem.Examples(1500, 2);

    static TrainingRun Run(TrainingSpec training) => new() { Spec = SmallProblem.Spec(training), Examples = new ExampleList(Learned), Validation = new ExampleList(Held) };

    sealed class Told(Action<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told(value);
    }

    [Fact]
    public void It_learns_publishes_and_what_it_published_scores_as_it_said()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder.Path);
        List<TrainingProgress> told = [];
        TrainingOutcome outcome = new Trainer(registry).Train(Run(new TrainingSpec(Batch: 128, Epochs: 3, DenseRate: 0.02, SparseRate: 0.1)), new Told(told.Add));
        Assert.Equal((12_000, 1, true), (outcome.Samples, outcome.Version, outcome.Promoted));
        Assert.True(outcome.Metrics!.Labels["click"].Auc > 0.8, $"AUC {outcome.Metrics.Labels["click"].Auc}");
        Assert.True(outcome.Curve[^1].Loss < outcome.Curve[0].Loss);
        Assert.Equal([1, 2, 3], outcome.Validations.Select(v => v.Pass));
        Assert.Contains(told, t => t.Phase == "training" && t.TotalSamples == 12_000 && t.Auc["click"] > 0.7);

        ModelVersion version = registry.Open("small");
        RankingSpec spec = VersionModel.SpecOf(version);
        Assert.Equal(spec.SpecHash, version.Info.SpecHash);
        using RankingModel model = (RankingModel)VersionModel.Load(version);
        EvaluationReport again = Evaluator.Evaluate(ExampleScorer.Score(spec, model.Score, new ExampleList(Held)));
        Assert.Equal(outcome.Metrics.Labels["click"].Auc, again.Labels["click"].Auc);
        Assert.Equal(JsonSerializer.Serialize(outcome.Metrics.Labels["buy"]), JsonSerializer.Serialize(again.Labels["buy"]));
        Assert.Equal((0, 3999), (version.Info.FirstTimeMs, version.Info.LastTimeMs));
        Assert.False(Directory.Exists(folder["small/.checkpoints"]));
    }

    public static TheoryData<string, TrainingSpec> Settings() => new()
    {
        { "plain", new TrainingSpec(Batch: 100, Epochs: 2) },
        { "everything", new TrainingSpec(Batch: 96, Epochs: 3, Optimizer: "adamw", DenseRate: 0.01, SparseRate: 0.1, Schedule: "cosine", Warmup: 5, WeightDecay: 0.01,
            EmbeddingDecay: 0.001, ClipNorm: 1, Ema: 0.9, ShuffleWindow: 1000, Patience: 5, Seed: 3) },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Stopped_and_resumed_anywhere_it_gives_the_same_bits(string name, TrainingSpec training)
    {
        Assert.NotEmpty(name);
        using TemporaryFolder whole = new(), parts = new();
        TrainingRun run = Run(training) with { CheckpointEvery = TimeSpan.Zero, ValidateEvery = 17 };
        TrainingOutcome once = new Trainer(new ModelRegistry(whole.Path)).Train(run);

        ModelRegistry registry = new(parts.Path);
        int stops = 0;
        TrainingOutcome? outcome = null;
        while (outcome is null)
        {
            using CancellationTokenSource stop = new();
            try
            {
                // A stop after every few reports: within a pass, at its end, and between the last pass and publishing.
                int reports = 0;
                outcome = new Trainer(registry).Train(run with { Resume = true, KeepOn = _ => { if (++reports == 2) stop.Cancel(); return true; } }, null, stop.Token);
            }
            catch (OperationCanceledException)
            {
                stops++;
            }
        }
        Assert.InRange(stops, 2, 40);
        Assert.Equal(once.Samples, outcome.Samples);
        Assert.Equal(JsonSerializer.Serialize(once.Metrics), JsonSerializer.Serialize(outcome.Metrics));
        Assert.Equal(once.Validations, outcome.Validations);
        Assert.Equal(once.Curve, outcome.Curve);
        string[] files = [.. Directory.EnumerateFiles(whole["small/1"]).Select(f => Path.GetFileName(f)!).Order()];
        Assert.Contains("weights.safetensors", files);
        Assert.Contains(files, f => f.StartsWith("table", StringComparison.Ordinal));
        foreach (string file in files.Except(["version.json", "checksums"]))
            Assert.True(File.ReadAllBytes(whole[$"small/1/{file}"]).AsSpan().SequenceEqual(File.ReadAllBytes(parts[$"small/1/{file}"])), $"{file} differs");
    }

    [Fact]
    public void A_training_killed_without_a_word_goes_on_from_its_last_checkpoint()
    {
        using TemporaryFolder whole = new(), parts = new();
        TrainingRun run = Run(new TrainingSpec(Batch: 100, Epochs: 3));
        new Trainer(new ModelRegistry(whole.Path)).Train(run);
        ModelRegistry registry = new(parts.Path);
        int validations = 0;
        Assert.Throws<IOException>(() => new Trainer(registry).Train(run with { KeepOn = _ => ++validations == 2 ? throw new IOException("power cut") : true }));
        Assert.Empty(registry.Versions("small"));
        TrainingOutcome resumed = new Trainer(registry).Train(run with { Resume = true });
        Assert.Equal(12_000, resumed.Samples);
        Assert.True(File.ReadAllBytes(whole["small/1/weights.safetensors"]).AsSpan().SequenceEqual(File.ReadAllBytes(parts["small/1/weights.safetensors"])));
    }

    [Fact]
    public void A_checkpoint_of_a_large_table_writes_what_changed_and_one_that_was_cut_off_costs_nothing()
    {
        using TemporaryFolder whole = new(), parts = new();
        TrainingRun run = Run(new TrainingSpec(Batch: 100, Epochs: 2)) with { Examples = new ExampleList(SmallProblem.Examples(4000, 1, users: 3000)), CheckpointEvery = TimeSpan.Zero, ValidateEvery = 10 };
        new Trainer(new ModelRegistry(whole.Path)).Train(run with { CheckpointEvery = null });

        ModelRegistry registry = new(parts.Path);
        int validations = 0;
        string checkpoints = parts["small/.checkpoints"];
        Assert.Throws<IOException>(() => new Trainer(registry).Train(run with { KeepOn = _ => ++validations == 6 ? throw new IOException("power cut") : true }));
        string latest = Directory.EnumerateDirectories(checkpoints).Max()!;
        FileInfo table = new(Path.Combine(latest, "table-user.bin"));
        FileInfo[] changes = [.. Directory.EnumerateFiles(latest, "table-user.bin*").Where(f => f != table.FullName).Select(f => new FileInfo(f))];
        Assert.InRange(changes.Length, 1, 32);
        Assert.All(changes, c => Assert.InRange(c.Length, 1, table.Length / 8));

        // As a kill within the next one leaves it: some files there, one of them in part, no checksums.
        string cut = Directory.CreateDirectory(Path.Combine(checkpoints, ".writing-cut")).FullName;
        File.Copy(table.FullName, Path.Combine(cut, table.Name));
        File.WriteAllBytes(Path.Combine(cut, "table-user.bin.1"), File.ReadAllBytes(changes[0].FullName)[..50]);

        new Trainer(registry).Train(run with { Resume = true });
        foreach (string file in Directory.EnumerateFiles(whole["small/1"], "*.*").Select(f => Path.GetFileName(f)!).Where(f => f.EndsWith(".bin", StringComparison.Ordinal) || f == "weights.safetensors"))
            Assert.True(File.ReadAllBytes(whole[$"small/1/{file}"]).AsSpan().SequenceEqual(File.ReadAllBytes(parts[$"small/1/{file}"])), $"{file} differs");
    }

    [Fact]
    public void A_checkpoint_is_refused_under_other_conditions_and_when_damaged()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder.Path);
        TrainingRun run = Run(new TrainingSpec(Batch: 100, Epochs: 2));
        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() => new Trainer(registry).Train(run with { KeepOn = _ => { stop.Cancel(); return true; } }, null, stop.Token));
        string Refused(TrainingRun other)
        {
            RankingException error = Assert.ThrowsAny<RankingException>(() => new Trainer(registry).Train(other with { Resume = true }));
            return $"{error.Error.Code} {error.Message}";
        }
        Assert.StartsWith("RNK4007", Refused(run with { Spec = SmallProblem.Spec(new TrainingSpec(Batch: 101, Epochs: 2)) }), StringComparison.Ordinal);
        Assert.Contains("another examples: here 'a list of 10 examples', there 'a list of 4000 examples'", Refused(run with { Examples = new ExampleList(Learned[..10]) }), StringComparison.Ordinal);
        string checkpoint = Directory.EnumerateDirectories(folder["small/.checkpoints"]).Max()!, state = Path.Combine(checkpoint, "state.json");
        string good = File.ReadAllText(state);
        File.WriteAllText(state, good.Replace("\"threads\":", "\"threads\":9", StringComparison.Ordinal));
        Assert.Contains("'state.json' is not what was written", Refused(run), StringComparison.Ordinal);
        Checksums.Write(checkpoint, 1); // as if written by a machine with more threads
        Assert.Contains("threads: here", Refused(run), StringComparison.Ordinal);
        File.WriteAllText(state, good);
        Checksums.Write(checkpoint, 1);
        Assert.Equal(8000, new Trainer(registry).Train(run with { Resume = true }).Samples);
    }

    [Fact]
    public void Patience_stops_and_the_best_state_is_what_is_published()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder.Path);
        // Few examples, many rows and a high rate: it overfits soon.
        TrainingRun run = new()
        {
            Spec = SmallProblem.Spec(new TrainingSpec(Batch: 32, Epochs: 60, DenseRate: 0.05, SparseRate: 0.5, Patience: 3)),
            Examples = new ExampleList(SmallProblem.Examples(300, 5)),
            Validation = new ExampleList(Held),
        };
        TrainingOutcome outcome = new Trainer(registry).Train(run);
        double best = outcome.Validations.Max(v => v.Auc!.Value);
        Assert.InRange(outcome.Validations.Count, 4, 59);
        Assert.Equal(best, outcome.Validations[^4].Auc);
        Assert.True(outcome.Validations[^1].Auc < best);
        Assert.Equal(best, outcome.Metrics!.Labels["click"].Auc);
        using RankingModel model = (RankingModel)VersionModel.Load(registry.Open("small"));
        Assert.Equal(best, Evaluator.Evaluate(ExampleScorer.Score(run.Spec, model.Score, run.Validation)).Labels["click"].Auc);
    }

    [Fact]
    public void A_worse_version_is_published_but_not_promoted_and_a_better_one_is()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder.Path);
        Trainer trainer = new(registry);
        trainer.Train(Run(new TrainingSpec(Batch: 128)));
        TrainingOutcome worse = trainer.Train(Run(new TrainingSpec(Batch: 128, DenseRate: 1e-6, SparseRate: 1e-6)));
        Assert.Equal((2, false, 1), (worse.Version, worse.Promoted, registry.Promoted("small")));
        Assert.True(worse.Gate!.Auc < worse.Gate.PromotedAuc);
        TrainingOutcome better = trainer.Train(Run(new TrainingSpec(Batch: 128, Epochs: 4)));
        Assert.Equal((3, true, 3), (better.Version, better.Promoted, registry.Promoted("small")));
        TrainingOutcome blind = trainer.Train(Run(new TrainingSpec(Batch: 128, Epochs: 4)) with { Validation = null });
        Assert.False(blind.Promoted);
        Assert.Contains("no validation examples", blind.Gate!.Reason, StringComparison.Ordinal);
        Assert.NotNull(blind.Metrics!.Labels["click"].Auc); // progressive
    }

    [Fact]
    public void A_stream_publishes_as_it_goes_and_ends_with_a_checkpoint()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder.Path);
        using CancellationTokenSource stop = new();
        TrainingRun run = new() { Spec = SmallProblem.Spec(new TrainingSpec(Batch: 64, Schedule: "cosine")), Examples = new Endless(), PublishEvery = TimeSpan.Zero };
        int published = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => new Trainer(registry).Train(run, new Told(t =>
        {
            if (t.Phase == "publishing" && ++published == 6) stop.Cancel();
        }), stop.Token));
        Assert.InRange(registry.Versions("small").Count, 5, 6);
        Assert.NotNull(registry.Open("small", 2).Info.Gate!.PromotedAuc);
        Assert.NotEmpty(Directory.EnumerateDirectories(folder["small/.checkpoints"]));
    }

    sealed class Endless : IExampleSource
    {
        public string Identity => "endless";

        public long? Count => null;

        public IEnumerable<SourcedExample> Read(IReadOnlyDictionary<int, long> from, CancellationToken cancel)
        {
            for (long i = from.GetValueOrDefault(0); ; i++)
            {
                cancel.ThrowIfCancellationRequested();
                yield return new SourcedExample(Learned[(int)(i % Learned.Count)], 0, i + 1);
            }
        }
    }

    [Fact]
    public void Scores_are_calibrated_though_only_a_sample_of_the_negatives_was_kept()
    {
        using TemporaryFolder folder = new();
        Random random = new(8);
        ExampleList Sampled(int count, int seed) => new([.. SmallProblem.Examples(count, seed).Where(e => e.Labels.Any(l => l > 0) || random.NextDouble() < 0.25)]);
        TrainingRun run = new() { Spec = SmallProblem.Spec(new TrainingSpec(Batch: 64), keep: 0.25), Examples = Sampled(20_000, 5), Publish = false, Validation = Sampled(5000, 6) };
        LabelMetrics click = new Trainer(new ModelRegistry(folder.Path)).Train(run).Metrics!.Labels["click"];
        Assert.InRange(click.Calibration!.Value, 0.9, 1.1); // 1.59 without the correction
        Assert.True(click.NormalisedEntropy < 0.9);
    }

    [Fact]
    public void What_cannot_be_trained_is_refused_and_leaves_no_version()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder.Path);
        string Refused(TrainingRun run)
        {
            RankingException error = Assert.ThrowsAny<RankingException>(() => new Trainer(registry).Train(run));
            return $"{error.Error.Code} {error.Message}";
        }
        Assert.StartsWith("RNK4004", Refused(Run(new TrainingSpec()) with { Examples = new ExampleList([]) }), StringComparison.Ordinal);
        Assert.StartsWith("RNK4005", Refused(Run(new TrainingSpec(Patience: 2)) with { Validation = null }), StringComparison.Ordinal);
        Assert.StartsWith("RNK4005", Refused(Run(new TrainingSpec()) with { Spec = SmallProblem.Spec(new TrainingSpec(), new ModelSpec(D: 10, H: 3)) }), StringComparison.Ordinal);
        Assert.StartsWith("RNK4001", Refused(Run(new TrainingSpec()) with { FromVersion = 3 }), StringComparison.Ordinal);
        Example broken = Learned[0] with { Features = Learned[0].Features with { Numbers = [float.NaN] } };
        Assert.StartsWith("RNK4003", Refused(Run(new TrainingSpec()) with { Examples = new ExampleList([broken]) }), StringComparison.Ordinal);
        Assert.Empty(registry.Versions("small"));
    }

    [Fact]
    public void A_version_can_be_trained_further()
    {
        using TemporaryFolder folder = new();
        ModelRegistry registry = new(folder.Path);
        Trainer trainer = new(registry);
        double first = trainer.Train(Run(new TrainingSpec(Batch: 128))).Metrics!.Labels["click"].Auc!.Value;
        TrainingOutcome further = trainer.Train(Run(new TrainingSpec(Batch: 128, DenseRate: 0.001, SparseRate: 0.001)) with { FromVersion = 1 });
        Assert.Equal(1, registry.Open("small", 2).Info.FromVersion);
        Assert.True(further.Metrics!.Labels["click"].Auc > first - 0.02, $"{further.Metrics.Labels["click"].Auc} after {first}");
        Assert.True(further.Curve[0].Loss < 0.67, "it began with what version 1 had learned");
    }
}
