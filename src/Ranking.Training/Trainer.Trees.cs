using System.Diagnostics;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Models.Trees;
using Ranking.Training.Batches;
using Ranking.Training.Registry;

namespace Ranking.Training;

/// <summary>How trees are trained: all examples at once, without batches, steps or checkpoints.</summary>
public sealed partial class Trainer
{
    TrainingOutcome TrainTrees(TrainingRun run, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        if (run.Examples.Count is not { } count)
            throw new RankingException(ErrorCodes.WrongUsage, $"A model of kind '{run.Spec.Model.Kind}' reads its examples twice; --examples FILE is expected, not --kafka.");
        if (run.FromVersion is not null || run.Resume)
            throw new RankingException(ErrorCodes.WrongUsage, $"A model of kind '{run.Spec.Model.Kind}' is trained in one go: it neither resumes nor begins from a version.");
        if (count == 0) throw new RankingException(ErrorCodes.NothingToTrain, $"{run.Examples.Identity}: no example to train on.");
        using WriterLock held = registry.LockForTraining(run.ModelName);
        Stopwatch all = Stopwatch.StartNew();
        FeatureLayout layout = FeatureLayout.Of(run.Spec);
        long first = long.MaxValue, last = long.MinValue;
        int rounds = run.Spec.Model.Rounds * layout.Labels.Count, grown = 0;
        using TreeModel model = Grown();
        double learning = all.Elapsed.TotalSeconds;
        TrainingOutcome outcome = new() { Model = run.ModelName, Samples = count, SamplesPerSecond = count / learning };
        if (run.Validation is not null)
        {
            outcome = outcome with { Metrics = VersionModel.Evaluate(run, model.Score, cancel) };
            ValidationPoint point = new(1, rounds, outcome.Metrics.Labels[layout.Labels[0]].Auc);
            outcome = outcome with { Validations = [point] };
            run.KeepOn?.Invoke(point);
        }
        VersionInfo info = new()
        {
            Kind = run.Spec.Model.Kind,
            FeatureHash = run.Spec.FeatureHash,
            SpecHash = run.Spec.SpecHash,
            Samples = count,
            FirstTimeMs = first,
            LastTimeMs = last,
            Seed = run.Spec.Training.Seed,
            Machine = MachineInfo.Current(run.Device),
        };
        return PublishVersion(run, outcome, info, run.Validation, folder => model.Save(folder), cancel) with { Seconds = all.Elapsed.TotalSeconds };

        TreeModel Grown()
        {
            try
            {
                return TreeModel.Train(layout, run.Spec.Model, run.Spec.Training.Seed, Read, (_, _) => Tell(), cancel);
            }
            catch (ArgumentException error)
            {
                throw new RankingException(ErrorCodes.ModelSettings, error.Message, error);
            }
        }

        IEnumerable<Example> Read()
        {
            foreach (SourcedExample read in run.Examples.Read(BatchPosition.Start.Offsets, cancel))
            {
                (first, last) = (Math.Min(first, read.Example.TimeMs), Math.Max(last, read.Example.TimeMs));
                yield return read.Example;
            }
        }

        void Tell()
        {
            double share = ++grown / (double)rounds;
            progress?.Report(new TrainingProgress("growing", (long)(share * count), count, 1, double.NaN, new Dictionary<string, double?>(), share * count / all.Elapsed.TotalSeconds));
        }
    }
}
