using System.Text.Json.Serialization;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models;
using Ranking.Training.Batches;
using Ranking.Training.Evaluation;
using Ranking.Training.Registry;

namespace Ranking.Training;

/// <summary>Evaluates and compares versions of a registry on files of examples: what the commands <c>evaluate</c> and <c>compare</c> do.</summary>
/// <param name="registry">The registry.</param>
/// <param name="device">cpu or cuda.</param>
public sealed class VersionEvaluation(ModelRegistry registry, string device = "cpu")
{
    /// <summary>Told after each batch how far the scoring of a version is; on the caller's thread.</summary>
    public Action<EvaluationProgress>? Progress { get; init; }

    /// <summary>All metrics of a version.</summary>
    /// <param name="name">The version.</param>
    /// <param name="files">Parquet files of examples.</param>
    /// <param name="range">Which examples count.</param>
    /// <param name="segment">A feature, or <c>new:</c> and a feature, to report by (<see cref="Segments"/>); null for none.</param>
    /// <param name="resamples">How often users are drawn for intervals of AUC; 0 for none.</param>
    /// <param name="cancel">Stops between batches.</param>
    /// <exception cref="RankingException">The version or a file cannot be used, or no example lies in the range.</exception>
    public EvaluationReport Evaluate(
        VersionName name, IReadOnlyList<string> files, TimeRange range = default, string? segment = null, int resamples = 0, CancellationToken cancel = default)
    {
        ModelVersion version = registry.Open(name);
        RankingSpec spec = VersionModel.SpecOf(version);
        ExampleFiles all = new(spec, files);
        ExampleRange examples = new(all, range);
        using IScoringModel model = VersionModel.Load(version, device);
        ScoredRows rows = Score(version, spec, model, examples, segment is null ? null : Segments.By(spec, segment, model, examples), cancel);
        string? reason = GaucRule.ReasonAgainst(spec, all.UserFrozenAtMs, range.FromMs ?? all.FirstTimeMs);
        return Evaluator.Evaluate(rows, new EvaluationSettings { GaucReason = reason, Resamples = resamples });
    }

    /// <summary>The smoothed target mean (<see cref="SmoothedTargetMean"/>) on the same range, after it has seen all examples before it.</summary>
    /// <param name="spec">The spec of the examples.</param>
    /// <param name="examples">All examples, in order of time.</param>
    /// <param name="range">Which of them are evaluated.</param>
    public static EvaluationReport Baseline(RankingSpec spec, IExampleSource examples, TimeRange range)
    {
        SmoothedTargetMean mean = new(spec);
        ScoredRows rows = new([.. spec.Labels.Keys]);
        double[] scores = new double[spec.Labels.Count];
        foreach (SourcedExample read in examples.Read(BatchPosition.Start.Offsets, CancellationToken.None))
        {
            mean.Next(read.Example, scores);
            if (range.Contains(read.Example)) ExampleScorer.Add(rows, spec, read.Example, scores, null);
        }
        return Evaluator.Evaluate(rows, new EvaluationSettings { GaucReason = "the baseline's means of users move" });
    }

    /// <summary>Whether B's AUC differs from A's, by label: a paired test clustered by user.</summary>
    /// <param name="a">A version.</param>
    /// <param name="b">Another one.</param>
    /// <param name="files">Parquet files of examples.</param>
    /// <param name="range">Which examples count.</param>
    /// <param name="filesB">The same examples with B's features; null where both have the same features.</param>
    /// <param name="segment">A feature of A, or <c>new:</c> and a feature, to compare by as well (<see cref="Segments"/>); null for none.</param>
    /// <param name="cancel">Stops between batches.</param>
    /// <exception cref="RankingException">A version or a file cannot be used, or the files hold other examples.</exception>
    public ComparisonReport Compare(
        VersionName a, VersionName b, IReadOnlyList<string> files, TimeRange range = default, IReadOnlyList<string>? filesB = null, string? segment = null, CancellationToken cancel = default)
    {
        ModelVersion versionA = registry.Open(a), versionB = registry.Open(b);
        if (filesB is null && versionA.Info.FeatureHash != versionB.Info.FeatureHash)
            throw new RankingException(ErrorCodes.FeatureHashDiffers, $"{versionA} and {versionB} were trained with other features; no file of examples fits both: give B's own beside A's.");
        ScoredRows Scored(ModelVersion version, IReadOnlyList<string> of, string? by)
        {
            RankingSpec spec = VersionModel.SpecOf(version);
            ExampleRange examples = new(new ExampleFiles(spec, of), range);
            using IScoringModel model = VersionModel.Load(version, device);
            return Score(version, spec, model, examples, by is null ? null : Segments.By(spec, by, model, examples), cancel);
        }
        ScoredRows rowsA = Scored(versionA, files, segment), rowsB = Scored(versionB, filesB ?? files, null);
        try
        {
            return new ComparisonReport(versionA.ToString(), versionB.ToString(), rowsA.Count, Evaluator.Compare(rowsA, rowsB), segment is null ? null : BySegment(rowsA, rowsB));
        }
        catch (ArgumentException e) when (filesB is not null)
        {
            throw new RankingException(ErrorCodes.ExamplesInvalid, $"{string.Join(", ", filesB)}: these are not the examples of {string.Join(", ", files)} with other features. {e.Message}", e);
        }
    }

    static Dictionary<string, SegmentComparison> BySegment(ScoredRows a, ScoredRows b)
    {
        RowGroups segments = new(a.Segments);
        return Enumerable.Range(0, segments.Count).OrderByDescending(s => segments[s].Length).Take(new EvaluationSettings().MaxSegments)
            .ToDictionary(s => a.SegmentNames[s], s => new SegmentComparison(segments[s].Length, Evaluator.Compare(a.Take(segments[s]), b.Take(segments[s]))));
    }

    ScoredRows Score(ModelVersion version, RankingSpec spec, IScoringModel model, IExampleSource examples, Func<Example, string>? segment, CancellationToken cancel)
    {
        long done = 0;
        float[] ScoreBatch(IReadOnlyList<FeatureVector> vectors)
        {
            float[] scores = model.Score(vectors);
            Progress?.Invoke(new(version.ToString(), done += vectors.Count));
            return scores;
        }
        ScoredRows rows = ExampleScorer.Score(spec, ScoreBatch, examples, segment, cancel);
        return rows.Count > 0 ? rows : throw new RankingException(ErrorCodes.NothingToTrain, $"{examples.Identity}: no example to evaluate on.");
    }
}

/// <summary>How far an evaluation is.</summary>
/// <param name="Version">NAME@V of the version that scores.</param>
/// <param name="Done">Examples that it has scored.</param>
public readonly record struct EvaluationProgress(string Version, long Done);

/// <summary>What <c>compare</c> prints.</summary>
/// <param name="A">NAME@V of A.</param>
/// <param name="B">NAME@V of B.</param>
/// <param name="Rows">The number of examples.</param>
/// <param name="Labels">B's AUC less A's, by label; null where a label defines no AUC.</param>
/// <param name="Segments">The same of parts of the examples, where they were asked for.</param>
public sealed record ComparisonReport(
    [property: JsonPropertyName("a")] string A,
    [property: JsonPropertyName("b")] string B,
    [property: JsonPropertyName("rows")] int Rows,
    [property: JsonPropertyName("labels")] IReadOnlyDictionary<string, AucDifference?> Labels,
    [property: JsonPropertyName("segments")] IReadOnlyDictionary<string, SegmentComparison>? Segments = null);

/// <summary>A part of the examples in a comparison.</summary>
/// <param name="Rows">The number of examples.</param>
/// <param name="Labels">B's AUC less A's, by label.</param>
public sealed record SegmentComparison([property: JsonPropertyName("rows")] int Rows, [property: JsonPropertyName("labels")] IReadOnlyDictionary<string, AucDifference?> Labels);
