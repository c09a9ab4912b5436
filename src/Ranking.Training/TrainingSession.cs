using System.Runtime.InteropServices;
using System.Text.Json;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Models.Checkpoints;
using Ranking.Models.Cuda;
using Ranking.Models.Trees;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;
using TorchSharp;

namespace Ranking.Training;

/// <summary>A training on its way: model, optimiser and place, from its beginning or a checkpoint.</summary>
sealed class TrainingSession : IDisposable
{
    readonly TrainingRun run;
    readonly CheckpointFolder checkpoints, best;
    readonly FeatureLayout layout;
    readonly string diverged;
    (long Step, EvaluationReport Report)? latestReport;

    TrainingSession(TrainingRun run, string modelFolder)
    {
        this.run = run;
        layout = FeatureLayout.Of(run.Spec);
        checkpoints = new CheckpointFolder(Path.Combine(modelFolder, ".checkpoints"), $"model '{run.ModelName}'");
        best = new CheckpointFolder(Path.Combine(modelFolder, ".best"), $"the best state of model '{run.ModelName}'");
        diverged = Path.Combine(modelFolder, ".diverged.jsonl");
        State = new TrainingState
        {
            SpecHash = run.Spec.SpecHash,
            Examples = run.Examples.Identity,
            Validation = run.Validation?.Identity,
            Machine = MachineInfo.Current(run.Device),
            FromVersion = run.FromVersion,
        };
    }

    /// <summary>Where training is.</summary>
    public TrainingState State { get; private set; }

    /// <summary>Batches learned from.</summary>
    public long Step => Trainer.Step;

    /// <summary>Which code trains the network's layers, and why.</summary>
    public string ComputePath => Trainer.Model.ComputePath;

    /// <summary>Where ID tables are trained, and why.</summary>
    public string TablePath => Trainer.TablePath;

    /// <summary>How long steps have waited for batches whose ids are looked up beside them.</summary>
    public TimeSpan Waited => Trainer.Waited;

    /// <summary>Whether a batch is prepared that was not learned from yet: it has to be, before anything is validated or written.</summary>
    public bool IsAhead => Trainer.IsAhead;

    /// <summary>Whether it went on from a checkpoint.</summary>
    public bool Resumed { get; private set; }

    /// <summary>What was taken over from a version of other features.</summary>
    public WarmStart? Taken { get; private set; }

    ModelTrainer Trainer { get; set; } = null!;

    /// <summary>Begins afresh, from a version, or from the latest checkpoint.</summary>
    public static TrainingSession Begin(ModelRegistry registry, TrainingRun run)
    {
        TrainingSession session = new(run, registry.ModelFolder(run.ModelName));
        if (run.Resume && session.checkpoints.Open() is { } folder)
        {
            session.Restore(folder);
            return session;
        }
        session.checkpoints.Clear();
        session.best.Clear();
        RankingModel model = Checked(() => run.FromVersion is { } version
            ? session.Continued(registry.Open(run.ModelName, version))
            : new RankingModel(session.layout, run.Spec.Model, (ulong)run.Spec.Training.Seed, session.Device));
        session.Trainer = Checked(() => new ModelTrainer(model, run.Spec.Training, session.TaskWeights, session.TotalSteps));
        return session;
    }

    /// <summary>The batches that are left of the current pass.</summary>
    public IEnumerable<ExampleBatch> Rest(CancellationToken cancel)
    {
        TrainingSpec training = run.Spec.Training;
        return new BatchOrder(training.Batch, training.ShuffleWindow, training.Seed).Read(run.Examples, State.Pass, State.Position, cancel);
    }

    /// <summary>Learns from a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="next">That of the next call, to be prepared meanwhile; null where something is to be validated or written between.</param>
    public TrainingStep Learn(ExampleBatch batch, ExampleBatch? next)
    {
        TrainingStep step;
        try
        {
            step = Trainer.TrainStep(batch.Examples, next?.Examples);
        }
        catch (NonFiniteLossException error)
        {
            File.WriteAllLines(diverged, batch.Examples.Select(e => JsonSerializer.Serialize(e)));
            throw new RankingException(ErrorCodes.TrainingDiverged, $"{error.Message}; its batch lies in {diverged}.", error);
        }
        catch (ArgumentException error)
        {
            throw new RankingException(ErrorCodes.ExamplesInvalid, error.Message, error);
        }
        catch (CudaException error)
        {
            throw new RankingException(ErrorCodes.DeviceMemory, error.Message, error);
        }
        catch (ExternalException error) when (error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase))
        {
            throw new RankingException(ErrorCodes.DeviceMemory, FormattableString.Invariant(
                $"out of GPU memory: batch {batch.Examples.Count} with {Trainer.Model.Parameters.ParameterCount / 1e6:0.#} M dense parameters; use a smaller batch or model"), error);
        }
        long samples = State.Samples + batch.Examples.Count;
        State.Curve.Add(samples, step.Loss);
        State = State with
        {
            Position = batch.After,
            Samples = samples,
            FirstTimeMs = Math.Min(State.FirstTimeMs ?? long.MaxValue, batch.Examples.Min(e => e.TimeMs)),
            LastTimeMs = Math.Max(State.LastTimeMs ?? long.MinValue, batch.Examples.Max(e => e.TimeMs)),
        };
        return step;
    }

    /// <summary>Ends a pass.</summary>
    public void EndPass() => State = State with { Pass = State.Pass + 1, Position = BatchPosition.Start };

    /// <summary>Validates, keeps the model if it is the best so far, and decides whether to stop.</summary>
    public void Validate(CancellationToken cancel)
    {
        if (run.Validation is null || (State.Validations is [.., { } last] && last.Step == Step)) return;
        EvaluationReport report = Report(cancel);
        ValidationPoint point = new(State.Pass, Step, report.Labels[layout.Labels[0]].Auc);
        bool better = State.BestStep is null || point.Auc > State.BestAuc;
        State = State with { Validations = [.. State.Validations, point], BestStep = better ? Step : State.BestStep };
        int patience = run.Spec.Training.Patience;
        if (better && patience > 0) best.Write(Step, (folder, _) => SaveModel(folder));
        int sinceBest = State.Validations.Count(v => v.Step > State.BestStep);
        bool keepOn = run.KeepOn?.Invoke(point) ?? true;
        State = State with { Stopped = !keepOn || (patience > 0 && sinceBest >= patience) };
    }

    /// <summary>The metrics of the model as it is, on the validation examples.</summary>
    public EvaluationReport Report(CancellationToken cancel)
    {
        if (latestReport?.Step == Step) return latestReport.Value.Report;
        using IDisposable _ = Trainer.UseAverage();
        EvaluationReport report = VersionModel.Evaluate(run, Trainer.Model.Score, cancel);
        latestReport = (Step, report);
        return report;
    }

    /// <summary>Puts the best model so far in the place of the present one, where early stopping asks for it.</summary>
    public void UseBest()
    {
        if (run.Spec.Training.Patience == 0 || State.BestStep is null || State.BestStep == Step) return;
        BestModel = RankingModel.Load(best.Open(State.BestStep)!, layout, run.Spec.Model, Device);
    }

    /// <summary>The best model, where it is another than the present one.</summary>
    public RankingModel? BestModel { get; private set; }

    /// <summary>Writes what serves: averaged weights where averaging is on, and the tables.</summary>
    public void SaveModel(string folder)
    {
        using IDisposable _ = Trainer.UseAverage();
        Trainer.Model.Save(folder);
    }

    /// <summary>Writes a checkpoint from which training goes on with the same bits.</summary>
    public void Checkpoint()
    {
        checkpoints.Write(Step, (folder, keep) =>
        {
            Trainer.Save(folder, keep);
            File.WriteAllBytes(Path.Combine(folder, TrainingState.FileName), JsonSerializer.SerializeToUtf8Bytes(State));
        });
        Trainer.MarkSaved();
    }

    /// <summary>Deletes what only an unfinished training needs.</summary>
    public void Clear()
    {
        checkpoints.Clear();
        best.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        BestModel?.Dispose();
        Trainer?.Model.Dispose();
        Trainer?.Dispose();
    }

    /// <summary>The version's model; under other features, what of it fits them.</summary>
    RankingModel Continued(ModelVersion version)
    {
        if (version.Info.FeatureHash == run.Spec.FeatureHash) return VersionModel.Load(version, run.Spec, Device, trains: true);
        RankingSpec old = VersionModel.SpecOf(version);
        if (TreeModel.IsKind(old.Model.Kind)) throw new RankingException(ErrorCodes.ModelSettings, $"{version} is made of trees, from which no training goes on.");
        (RankingModel model, WarmStart taken) = WarmStart.Begin(version.Folder, FeatureLayout.Of(old), old.Model, layout, run.Spec.Model, (ulong)run.Spec.Training.Seed, Device);
        Taken = taken;
        return model;
    }

    torch.Device Device => VersionModel.DeviceNamed(run.Device);

    IReadOnlyList<double> TaskWeights => [.. run.Spec.Labels.Values.Select(l => l.Weight)];

    long? TotalSteps => run.Examples.Count is { } count ? run.Passes * ((count + run.Spec.Training.Batch - 1) / run.Spec.Training.Batch) : null;

    void Restore(string folder)
    {
        string path = Path.Combine(folder, TrainingState.FileName);
        TrainingState state = JsonSerializer.Deserialize<TrainingState>(File.ReadAllBytes(path)) ?? throw new RankingException(ErrorCodes.ResumeRefused, $"{path} is empty.");
        Require("spec", State.SpecHash, state.SpecHash);
        Require("examples", State.Examples, state.Examples);
        Require("validation examples", State.Validation ?? "none", state.Validation ?? "none");
        if (State.Machine.DifferenceFrom(state.Machine) is { } difference)
            throw new RankingException(ErrorCodes.ResumeRefused, $"The checkpoint of '{run.ModelName}' was written under other conditions: {difference}.");
        try
        {
            Trainer = ModelTrainer.Resume(folder, layout, run.Spec.Model, run.Spec.Training, TaskWeights, TotalSteps, Device);
        }
        catch (InvalidOperationException error)
        {
            throw new RankingException(ErrorCodes.ResumeRefused, error.Message, error);
        }
        (State, Resumed) = (state, true);

        void Require(string what, string here, string there)
        {
            if (here != there) throw new RankingException(ErrorCodes.ResumeRefused, $"The checkpoint of '{run.ModelName}' belongs to another {what}: here '{here}', there '{there}'.");
        }
    }

    static T Checked<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (ArgumentException error)
        {
            throw new RankingException(ErrorCodes.ModelSettings, error.Message, error);
        }
    }
}
