using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Errors;
using Ranking.Features.Spec.Writing;
using Ranking.Models;
using Ranking.Models.Trees;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;

namespace Ranking.Training;

/// <summary>Trains a model and publishes versions of it.</summary>
/// <param name="registry">Where versions and checkpoints lie.</param>
/// <param name="logger">Told of versions, gates and resumes.</param>
public sealed partial class Trainer(ModelRegistry registry, ILogger<Trainer>? logger = null)
{
    const int BatchesAhead = 8, ProgressiveExamples = 20_000;
    static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(500);
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    readonly ILogger log = logger ?? NullLogger<Trainer>.Instance;

    /// <summary>Trains to the end of the passes, of patience, or until cancelled; a cancelled training has written a checkpoint.</summary>
    /// <param name="run">What to train on what.</param>
    /// <param name="progress">Told twice a second.</param>
    /// <param name="cancel">Ends training at the next batch boundary.</param>
    /// <exception cref="RankingException">What was asked for is not possible; the message says why.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public TrainingOutcome Train(TrainingRun run, IProgress<TrainingProgress>? progress = null, CancellationToken cancel = default)
    {
        if (run.Validation is null && run.Spec.Training.Patience > 0)
            throw new RankingException(ErrorCodes.ModelSettings, $"training.patience is {run.Spec.Training.Patience}, but there are no validation examples to stop by; expected 0 or validation examples.");
        if (TreeModel.IsKind(run.Spec.Model.Kind)) return TrainTrees(run, progress, cancel);
        using WriterLock held = registry.LockForTraining(run.ModelName);
        using TrainingSession session = TrainingSession.Begin(registry, run);
        if (session.Resumed) LogResumed(run.ModelName, session.Step);
        if (session.Taken is { } taken) LogWarmStart(run.FromVersion!.Value, taken.Tables.Count, taken.Tensors.Count, string.Join(", ", taken.Fresh.DefaultIfEmpty("nothing")));
        LogPath(run.ModelName, run.Device, session.ComputePath, session.TablePath);
        ProgressiveMetrics progressive = new(run.Spec, ProgressiveExamples);
        Stopwatch all = Stopwatch.StartNew(), learning = new();
        long before = session.State.Samples;
        TrainingOutcome outcome = new() { Model = run.ModelName };
        Task telling = Task.CompletedTask;
        // Reading and looking up; the first batch and its step, which compiles kernels and makes room, are left out.
        TimeSpan waited = TimeSpan.Zero, first = TimeSpan.Zero;
        try
        {
            while (session.State.Pass < run.Passes && !session.State.Stopped)
            {
                if (!LearnPass()) break;
                session.EndPass();
                Tell("validating");
                session.Validate(cancel);
                if (session.State.Samples > 0) session.Checkpoint();
            }
        }
        catch (OperationCanceledException)
        {
            if (session.Step > 0) session.Checkpoint();
            throw;
        }
        if (session.State.Samples == 0) throw new RankingException(ErrorCodes.NothingToTrain, $"{run.Examples.Identity}: no example to train on.");
        session.UseBest();
        outcome = Publish(outcome);
        if (run.Publish) session.Clear();
        return outcome with
        {
            WaitingShare = (waited + session.Waited) / TimeSpan.FromTicks(Math.Max(1, (learning.Elapsed - first).Ticks)),
            ComputePath = session.ComputePath,
            Samples = session.State.Samples,
            SamplesPerSecond = (session.State.Samples - before) / learning.Elapsed.TotalSeconds,
            Validations = session.State.Validations,
            Curve = session.State.Curve.Points,
            Seconds = all.Elapsed.TotalSeconds,
        };

        // False: training was told to stop within the pass.
        bool LearnPass()
        {
            TimeSpan checkpointed = all.Elapsed, told = TimeSpan.MinValue, published = all.Elapsed;
            using ReadAhead<ExampleBatch> batches = new(session.Rest, BatchesAhead, cancel);
            learning.Start();
            long ended = Stopwatch.GetTimestamp();
            foreach ((ExampleBatch batch, ExampleBatch? next) in batches.ReadWithNext())
            {
                waited += Stopwatch.GetElapsedTime(ended);
                bool validates = run.ValidateEvery > 0 && (session.Step + 1) % run.ValidateEvery == 0;
                bool goesOn = !validates && !PublishesNow() && !SavesNow() && !cancel.IsCancellationRequested;
                TrainingStep step = session.Learn(batch, goesOn ? next : null);
                // What fell due meanwhile is done too, since the next batch of a stream may be long in coming; not where that one is prepared already.
                // A version's state is kept with it: who goes on after a crash publishes nothing that is behind what serves.
                bool publishes = !session.IsAhead && PublishesNow(), saves = publishes || (!session.IsAhead && SavesNow());
                progressive.Add(batch.Examples, step.Scores, step.Loss);
                learning.Stop();
                if (first == TimeSpan.Zero) (first, waited) = (learning.Elapsed, -session.Waited);
                if (validates) session.Validate(cancel);
                if (saves)
                {
                    session.Checkpoint();
                    checkpointed = all.Elapsed;
                }
                if (publishes)
                {
                    outcome = Publish(outcome);
                    published = all.Elapsed;
                }
                if (session.State.Stopped) return false;
                if ((told == TimeSpan.MinValue || all.Elapsed - told >= ReportEvery) && telling.IsCompleted)
                {
                    // Beside training: metrics over 20,000 examples take longer than a card's step.
                    telling = Task.Run(News("training"), CancellationToken.None);
                    told = all.Elapsed;
                }
                if (!session.IsAhead) cancel.ThrowIfCancellationRequested();
                learning.Start();
                ended = Stopwatch.GetTimestamp();
            }
            learning.Stop();
            Tell("training");
            return true;

            bool PublishesNow() => run.Publish && all.Elapsed - published >= run.PublishEvery;

            bool SavesNow() => all.Elapsed - checkpointed >= run.CheckpointEvery;
        }

        void Tell(string phase)
        {
            telling.GetAwaiter().GetResult();
            News(phase)();
        }

        // What is to be told is of now, whenever it is told.
        Action News(string phase)
        {
            if (progress is null) return () => { };
            (long samples, int pass, double loss, Func<IReadOnlyDictionary<string, double?>> auc) = (session.State.Samples, session.State.Pass + 1, progressive.TakeLoss(), progressive.Auc());
            double perSecond = (samples - before) / Math.Max(1e-9, learning.Elapsed.TotalSeconds);
            return () => progress.Report(new TrainingProgress(phase, samples, run.Examples.Count * run.Passes, pass, loss, auc(), perSecond));
        }

        TrainingOutcome Publish(TrainingOutcome sofar)
        {
            Tell("publishing");
            EvaluationReport report = run.Validation is null
                ? Evaluator.Evaluate(progressive.Rows(), new EvaluationSettings { GaucReason = run.GaucReason })
                : session.BestModel is { } best ? VersionModel.Evaluate(run, best.Score, cancel) : session.Report(cancel);
            // Without examples set aside, the latest ones serve: the new model's scores of them are from before it learned from them.
            IExampleSource? examples = run.Validation ?? (run.PublishEvery is null ? null : new ExampleList(progressive.Examples));
            return PublishVersion(run, sofar with { Metrics = report }, Info(session, run), examples, folder =>
            {
                if (session.BestModel is { } best) best.Save(folder);
                else session.SaveModel(folder);
                File.WriteAllBytes(Path.Combine(folder, ModelVersion.TrainingFile),
                    JsonSerializer.SerializeToUtf8Bytes(new { validations = session.State.Validations, curve = session.State.Curve.Points }, Indented));
            }, cancel);
        }
    }

    /// <summary>Judges a new version by the gate and publishes it, where a version is to be published.</summary>
    TrainingOutcome PublishVersion(TrainingRun run, TrainingOutcome sofar, VersionInfo info, IExampleSource? examples, Action<string> write, CancellationToken cancel)
    {
        if (!run.Publish) return sofar;
        GateOutcome? gate = PromotionGate.Judge(registry, run.ModelName, run.Spec, sofar.Metrics?.Labels.Values.First().Auc, examples, run.Device, cancel);
        ModelVersion version = registry.Publish(run.ModelName, info with { Gate = gate }, folder =>
        {
            write(folder);
            File.WriteAllBytes(Path.Combine(folder, ModelVersion.SpecFile), SpecWriter.ToJson(run.Spec, indented: true));
            if (sofar.Metrics is { } metrics) File.WriteAllBytes(Path.Combine(folder, ModelVersion.MetricsFile), JsonSerializer.SerializeToUtf8Bytes(metrics, Indented));
        }, gate?.Passed ?? false);
        bool promoted = registry.Promoted(run.ModelName) == version.Info.Version;
        LogPublished(version.ToString(), promoted, gate?.ToString() ?? "the first version");
        return sofar with { Version = version.Info.Version, Promoted = promoted, Gate = gate };
    }

    static VersionInfo Info(TrainingSession session, TrainingRun run) => new()
    {
        Kind = run.Spec.Model.Kind,
        FeatureHash = run.Spec.FeatureHash,
        SpecHash = run.Spec.SpecHash,
        Samples = session.State.Samples,
        FirstTimeMs = session.State.FirstTimeMs,
        LastTimeMs = session.State.LastTimeMs,
        Seed = run.Spec.Training.Seed,
        FromVersion = run.FromVersion,
        Machine = session.State.Machine,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Training of {Model} goes on from the checkpoint of step {Step}.")]
    partial void LogResumed(string model, long step);

    [LoggerMessage(Level = LogLevel.Information, Message = "Version {Version} has other features: {Tables} tables and {Tensors} tensors were taken over by feature; fresh are {Fresh}.")]
    partial void LogWarmStart(int version, int tables, int tensors, string fresh);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Model} trains on {Device}, its layers by {Path}, its ID tables {Tables}.")]
    partial void LogPath(string model, string device, string path, string tables);

    [LoggerMessage(Level = LogLevel.Information, Message = "Published {Version}, promoted: {Promoted} ({Gate}).")]
    partial void LogPublished(string version, bool promoted, string gate);
}
