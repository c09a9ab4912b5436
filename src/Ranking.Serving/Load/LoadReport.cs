using HdrHistogram;

namespace Ranking.Serving.Load;

/// <summary>What a load gave.</summary>
/// <param name="Offered">Arrivals in the measured time.</param>
/// <param name="Seconds">The measured time.</param>
/// <param name="Statuses">Answers by HTTP status; 0 for no answer.</param>
/// <param name="Latency">Time from when a request was due to the last byte of its answer, microseconds; of answers with 2xx.</param>
/// <param name="Failures">The same of everything else.</param>
/// <param name="MostUnderWay">The most requests under way at once.</param>
public sealed record LoadReport(long Offered, double Seconds, IReadOnlyDictionary<int, long> Statuses, LongHistogram Latency, LongHistogram Failures, int MostUnderWay)
{
    /// <summary>Answers with 2xx a second.</summary>
    public double Throughput => Latency.TotalCount / Seconds;

    /// <summary>A percentile of the successful answers' latency, milliseconds; 0 if there were none.</summary>
    /// <param name="percentile">0 to 100.</param>
    public double LatencyMs(double percentile) => Latency.TotalCount == 0 ? 0 : Latency.GetValueAtPercentile(percentile) / 1000.0;
}
