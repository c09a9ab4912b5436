using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Features.Aggregates;

/// <summary>
/// The numbers of an aggregate feature at a cut: whole buckets that ended at or before it, totals less the buckets after it; of an entity
/// that was deleted or silent for its time to live, only whole buckets since then. The one piece of code for pipeline, files and ranker,
/// so that they agree bit for bit.
/// </summary>
public static class AggregateFormula
{
    /// <summary>Writes one number for each window and part, in the feature's order.</summary>
    /// <param name="plan">The feature.</param>
    /// <param name="key">The key that it counts.</param>
    /// <param name="counts">The key's counts.</param>
    /// <param name="cutMs">Time of the cut.</param>
    /// <param name="keepFromMs">What was counted before is forgotten; <see cref="long.MinValue"/>: nothing is.</param>
    /// <param name="numbers">Windows × parts numbers.</param>
    public static void Write<TCounts>(AggregatePlan plan, KeyPlan key, TCounts counts, long cutMs, long keepFromMs, Span<float> numbers) where TCounts : ICounts
    {
        int at = 0;
        foreach ((int bucket, int buckets) in plan.Windows)
        {
            long ended = key.Buckets[bucket].IndexOf(cutMs);
            long first = Math.Max(buckets > 0 ? ended - buckets : long.MinValue, key.Buckets[bucket].FirstFrom(keepFromMs));
            long count = At(counts, bucket, plan.Count, first, ended), over = At(counts, bucket, plan.Over, first, ended);
            Write(plan.Feature, count, over, numbers.Slice(at, plan.Feature.As.Count));
            at += plan.Feature.As.Count;
        }
    }

    /// <summary>Writes all aggregates of a key.</summary>
    public static void Write<TCounts>(KeyAggregates of, TCounts counts, long cutMs, long keepFromMs, FeatureDraft draft) where TCounts : ICounts
    {
        foreach (ColumnPlan column in of.Columns) Write(column.Aggregate!, of.Key, counts, cutMs, keepFromMs, draft.NumbersOf(column.Column));
    }

    /// <summary>The numbers where nothing was counted: a rate is its prior.</summary>
    public static void WriteMissing(AggregatePlan plan, Span<float> numbers)
    {
        for (int at = 0; at < numbers.Length; at += plan.Feature.As.Count) Write(plan.Feature, 0, 0, numbers.Slice(at, plan.Feature.As.Count));
    }

    static long At<TCounts>(TCounts counts, int bucket, int measure, long first, long ended) where TCounts : ICounts =>
        first != long.MinValue ? counts.Sum(bucket, measure, first, ended) : counts.Total(measure) - counts.Sum(bucket, measure, ended, long.MaxValue);

    static void Write(AggregateFeatureSpec feature, long count, long over, Span<float> numbers)
    {
        double c = (double)count / Feedback.One, o = (double)over / Feedback.One;
        double rate = o + feature.Strength > 0 ? (c + feature.Prior * feature.Strength) / (o + feature.Strength) : feature.Prior;
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)(feature.As[i] switch
            {
                AggregatePart.Rate => rate,
                AggregatePart.LogitRate => Logit(rate),
                AggregatePart.LogCount => Log1p(c),
                _ => Log1p(o),
            });
        }
    }

    /// <summary>ln(x / (1 − x)), with x held in [1e-4, 1 − 1e-4].</summary>
    internal static double Logit(double x)
    {
        x = Math.Clamp(x, 1e-4, 1 - 1e-4);
        return Math.Log(x / (1 - x));
    }

    /// <summary>sign(x) · ln(1 + |x|).</summary>
    internal static double Log1p(double x) => Math.CopySign(Math.Log(1 + Math.Abs(x)), x);
}
