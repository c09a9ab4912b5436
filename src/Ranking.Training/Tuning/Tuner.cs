using System.Diagnostics;
using System.Text.Json.Serialization;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Features.Spec.Writing;
using Ranking.Models;
using Ranking.Models.Trees;
using Ranking.Training.Registry;

namespace Ranking.Training.Tuning;

/// <summary>
/// Seeded random search. A trial's settings depend on the seed and its number alone, so a search that was stopped goes on where it was;
/// a trial that at any validation is weaker than the median of the kind's trials before it is stopped (the median rule of Golovin et
/// al., "Google Vizier", 2017).
/// </summary>
/// <param name="logFile">One JSON line a trial; a search goes on from it.</param>
public sealed class Tuner(string logFile)
{
    const int MostDraws = 200;

    /// <summary>Runs the trials that the log does not hold yet.</summary>
    /// <param name="search">What is searched.</param>
    /// <param name="progress">Told of every trial that is done, those in the log included.</param>
    /// <param name="cancel">Stops the search; the trial that runs is lost, those before it are in the log.</param>
    public TuningOutcome Run(Search search, IProgress<Trial>? progress = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(search.Trials, 1);
        string folder = Path.GetDirectoryName(Path.GetFullPath(logFile))!;
        using WriterLock held = WriterLock.Take(Path.GetFullPath(logFile) + ".lock", TimeSpan.Zero, $"the search of {logFile}");
        TrialLog log = new(logFile, search.Hash);
        List<Trial> done = log.Read();
        foreach (Trial trial in done) progress?.Report(trial);
        foreach (string kind in search.AllKinds)
            for (int number = 0; number < search.Trials; number++)
            {
                if (done.Any(t => t.Kind == kind && t.Number == number)) continue;
                cancel.ThrowIfCancellationRequested();
                Trial trial = RunTrial(search, kind, number, [.. done.Where(t => t.Kind == kind && t.Number < number)], folder, cancel);
                log.Add(trial);
                done.Add(trial);
                progress?.Report(trial);
            }
        return new TuningOutcome(done.Count, done.Where(t => t.Auc is not null).MaxBy(t => t.Auc),
            search.AllKinds.ToDictionary(k => k, k => done.Where(t => t.Kind == k && t.Auc is not null).MaxBy(t => t.Auc)));
    }

    static Trial RunTrial(Search search, string kind, int number, Trial[] before, string folder, CancellationToken cancel)
    {
        (RankingSpec spec, Dictionary<string, string> settings) = Draw(search, kind, number);
        List<ValidationPoint> validations = [];
        bool weak = false;
        string? failure = null;
        Stopwatch clock = Stopwatch.StartNew();
        string scratch = Path.Combine(folder, $".trial-{Guid.NewGuid():n}");
        try
        {
            new Trainer(new ModelRegistry(scratch)).Train(new TrainingRun
            {
                Spec = spec,
                Examples = search.Examples,
                Validation = search.Validation,
                Device = search.Device,
                Publish = false,
                CheckpointEvery = null,
                ValidateEvery = search.ValidateEvery,
                GaucReason = "a search compares AUC",
                KeepOn = point =>
                {
                    validations.Add(point);
                    weak = IsWeak(validations, before, search.Unhurried);
                    return !weak;
                },
            }, null, cancel);
        }
        catch (RankingException error) when (error.Error == ErrorCodes.TrainingDiverged || error.Error == ErrorCodes.ModelSettings)
        {
            failure = error.Message;
        }
        finally
        {
            if (Directory.Exists(scratch)) Directory.Delete(scratch, recursive: true);
        }
        return new Trial
        {
            Search = search.Hash,
            Kind = kind,
            Number = number,
            Settings = settings,
            Validations = validations,
            Auc = failure is null ? validations.Max(v => v.Auc) : null,
            Weak = weak,
            Error = failure,
            Seconds = clock.Elapsed.TotalSeconds,
        };
    }

    static bool IsWeak(List<ValidationPoint> validations, Trial[] before, int unhurried)
    {
        double[] others = [.. before.Select(t => t.BestOfFirst(validations.Count)).OfType<double>().Order()];
        if (others.Length < unhurried) return false;
        double median = (others[(others.Length - 1) / 2] + others[others.Length / 2]) / 2;
        return !(validations.Max(v => v.Auc) >= median);
    }

    /// <summary>Settings that the spec or the model refuses (heads that do not divide the width) are drawn again.</summary>
    static (RankingSpec Spec, Dictionary<string, string> Settings) Draw(Search search, string kind, int number)
    {
        byte[] text = SpecWriter.ToJson(search.Spec);
        Exception? refused = null;
        for (int draw = 0; draw < MostDraws; draw++)
        {
            Dictionary<string, string> settings = search.RangesOf(kind).ToDictionary(r => r.Path, r => r.Draw(search.Seed + ((ulong)draw << 32), number));
            try
            {
                RankingSpec spec = SpecReader.Parse(text, "the spec", null, settings.Select(s => (s.Key, s.Value)).Append(("model.kind", kind)));
                if (!TreeModel.IsKind(kind)) new RankingModel(FeatureLayout.Of(spec), spec.Model, 0, trains: false).Dispose();
                return (spec, settings);
            }
            catch (Exception error) when (error is SpecException or ArgumentException)
            {
                refused = error;
            }
        }
        throw new RankingException(ErrorCodes.ModelSettings, $"None of {MostDraws} draws from the ranges of '{kind}' is a spec that can be used; the last one: {refused!.Message}", refused);
    }
}

/// <summary>What <c>tune</c> prints.</summary>
/// <param name="Trials">How many trials the log holds.</param>
/// <param name="Best">The best one; null where all failed.</param>
/// <param name="BestByKind">The best one of each kind.</param>
public sealed record TuningOutcome(
    [property: JsonPropertyName("trials")] int Trials,
    [property: JsonPropertyName("best")] Trial? Best,
    [property: JsonPropertyName("best_by_kind")] IReadOnlyDictionary<string, Trial?> BestByKind);
