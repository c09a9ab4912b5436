using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ranking.Serving.Telemetry;

/// <summary>The one reporter of the ranker's metrics; meter <c>Ranking.Serving</c>. Prometheus shows dots as underscores and adds units.</summary>
public sealed class RankerMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Ranking.Serving";

    readonly Meter meter;
    readonly Counter<long> requests, degraded, refusedRequests, rows, staleRows, damagedRows, tokens, served, swaps, refusedVersions;
    readonly Histogram<double> duration, stages;
    readonly Histogram<int> candidates;
    volatile string model = "none";
    int running, queued;

    /// <summary>Makes the instruments.</summary>
    public RankerMetrics(IMeterFactory factory)
    {
        meter = factory.Create(MeterName);
        requests = meter.CreateCounter<long>("ranking.requests", null, "Requests by endpoint and status.");
        refusedRequests = meter.CreateCounter<long>("ranking.requests.refused", null, "Requests that got problem details, by code.");
        degraded = meter.CreateCounter<long>("ranking.requests.degraded", null, "Answers that lack something, by reason.");
        duration = meter.CreateHistogram("ranking.request.duration", "s", "Time from a request's last byte to its answer.", null, Bounds(0.0005, 24));
        stages = meter.CreateHistogram("ranking.stage.duration", "s", "Time of each stage: parse, wait, retrieve, fetch, assemble, score, write.", null, Bounds(0.00005, 24));
        candidates = meter.CreateHistogram("ranking.candidates", null, "Candidates of a request.", null, new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 10, 20, 50, 100, 200, 500, 1000, 2000] });
        rows = meter.CreateCounter<long>("ranking.rows.read", null, "Rows asked of Redis, by whether they were there.");
        staleRows = meter.CreateCounter<long>("ranking.rows.stale", null, "Rows that could not be cut at the request's time any more.");
        damagedRows = meter.CreateCounter<long>("ranking.rows.damaged", null, "Rows that could not be read.");
        tokens = meter.CreateCounter<long>("ranking.tokens.read", null, "Cached item tokens asked of Redis, by whether they were usable.");
        served = meter.CreateCounter<long>("ranking.served.records", null, "Records of what was served, by result: written to Kafka, failed, dropped because Kafka was too slow.");
        swaps = meter.CreateCounter<long>("ranking.versions.swapped", null, "Versions that began to serve.");
        refusedVersions = meter.CreateCounter<long>("ranking.versions.refused", null, "Versions that were refused.");
        meter.CreateObservableGauge("ranking.requests.running", () => Volatile.Read(ref running), null, "Requests that are worked on.");
        meter.CreateObservableGauge("ranking.requests.queued", () => Volatile.Read(ref queued), null, "Requests that wait for their turn.");
        meter.CreateObservableGauge("ranking.model.serving", () => new Measurement<int>(1, new KeyValuePair<string, object?>("model", model)), null, "1, with the version that serves.");
    }

    static InstrumentAdvice<double> Bounds(double first, int count) =>
        // Each bound 1.5 times the last: a quantile read off the histogram is at most that far wrong.
        new() { HistogramBucketBoundaries = [.. Enumerable.Range(0, count).Select(i => Math.Round(first * Math.Pow(1.5, i), 7))] };

    internal void Request(string endpoint, int status, TimeSpan took)
    {
        requests.Add(1, new("endpoint", endpoint), new("status", status));
        duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("endpoint", endpoint));
    }

    internal void Refused(string code) => refusedRequests.Add(1, new KeyValuePair<string, object?>("code", code));

    internal void Degraded(string reason) => degraded.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Records a stage that began at <paramref name="since"/> and returns now, the next one's beginning.</summary>
    internal long Stage(string stage, long since)
    {
        long now = Stopwatch.GetTimestamp();
        stages.Record(Stopwatch.GetElapsedTime(since, now).TotalSeconds, new KeyValuePair<string, object?>("stage", stage));
        return now;
    }

    internal void Candidates(int count) => candidates.Record(count);

    internal void Rows(int found, int missing, int stale, int damaged)
    {
        rows.Add(found, new KeyValuePair<string, object?>("found", true));
        rows.Add(missing, new KeyValuePair<string, object?>("found", false));
        if (stale > 0) staleRows.Add(stale);
        if (damaged > 0) damagedRows.Add(damaged);
    }

    internal void Tokens(int hits, int misses)
    {
        tokens.Add(hits, new KeyValuePair<string, object?>("hit", true));
        tokens.Add(misses, new KeyValuePair<string, object?>("hit", false));
    }

    internal void Served(string result, int records) => served.Add(records, new KeyValuePair<string, object?>("result", result));

    internal void VersionSwapped(string name)
    {
        model = name;
        swaps.Add(1);
    }

    internal void VersionRefused() => refusedVersions.Add(1);

    internal void Running(int change) => Interlocked.Add(ref running, change);

    internal void Queued(int change) => Interlocked.Add(ref queued, change);

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
