using Ranking.Features.Events;
using Ranking.Features.Spec;

namespace Ranking.Cli.Quickstart;

/// <summary>
/// Where a log is cut: training learns from what lies before <paramref name="TrainEndMs"/>, ranking happens at <paramref name="HaltMs"/>,
/// and everything from the end of training on is evaluated.
/// </summary>
/// <param name="TrainEndMs">First time that is not learned from.</param>
/// <param name="HaltMs">The instant at which the ranker answers.</param>
/// <param name="Impressions">Impressions of the log.</param>
internal sealed record QuickstartSplit(long TrainEndMs, long HaltMs, long Impressions)
{
    const double LeastTraining = 0.5, LeastDay = 0.01;

    /// <summary>
    /// The last two days of the log, in the spec's zone, are evaluated and ranking happens at the start of the last one. Where days are too
    /// uneven for that (a log of years with a few events a day), the cuts lie at 80 % and 90 % of the impressions.
    /// </summary>
    public static QuickstartSplit Of(RankingSpec spec, IReadOnlyList<Impression> impressions)
    {
        const long day = 86_400_000;
        long zone = (long)spec.TimeZone.TotalMilliseconds, last = impressions[^1].TimeMs;
        long halt = Math.DivRem(last + zone, day, out _) * day - zone, train = halt - day;
        double before = Share(impressions, train), lastDay = 1 - Share(impressions, halt);
        return before >= LeastTraining && lastDay >= LeastDay && before + lastDay < 1
            ? new(train, halt, impressions.Count)
            : new(impressions[impressions.Count * 8 / 10].TimeMs, impressions[impressions.Count * 9 / 10].TimeMs, impressions.Count);
    }

    static double Share(IReadOnlyList<Impression> impressions, long before) => (double)impressions.Count(i => i.TimeMs < before) / impressions.Count;
}
