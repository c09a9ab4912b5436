using System.Diagnostics.Metrics;

namespace Ranking.Streams.Pipeline;

/// <summary>A member's metrics; meter <c>Ranking.Streams</c>. Read from its status, so that what was not committed is not counted.</summary>
public sealed class PipelineMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Ranking.Streams";

    readonly Meter meter = new(MeterName);

    /// <summary>Makes the instruments.</summary>
    /// <param name="status">How far the member is.</param>
    /// <param name="time">Now; the system's clock by default.</param>
    public PipelineMetrics(Func<PipelineStatus> status, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        Count("events", s => s.Events, "Source events that were used.");
        Count("examples", s => s.Examples, "Examples that were written.");
        Count("examples.served", s => s.Served, "Examples with the features that were served.");
        Count("rows.served", s => s.ServedRows, "Rows that served features were made from.");
        Count("rows.staler", s => s.StalerRows, "Rows that gave other features than their owners' answers: they were staler than the delay.");
        Count("rows", s => s.Rows, "Rows that were written.");
        Count("late", s => s.Late, "Events that came later than the allowed lateness.");
        Count("dead", s => s.Dead, "Messages that could not be used.");
        Count("copies", s => s.Copies, "Copies that were dropped.");
        meter.CreateObservableGauge("ranking.pipeline.partitions", () => status().Held.Count, null, "Partitions whose tasks run here.");
        meter.CreateObservableGauge("ranking.pipeline.caught_up", () => status().CaughtUp ? 1 : 0, null, "1 where all that is there has been read and answered.");
        // Freshness of a live log: how far the least watermark lies behind the clock. A replayed log of past years shows its age.
        meter.CreateObservableGauge("ranking.pipeline.watermark.age", () => Age(status(), time), "s", "Event time that the slowest task is behind the clock, by the topic-partition that holds it back.");

        void Count(string name, Func<PipelineStatus, long> of, string description) => meter.CreateObservableCounter($"ranking.pipeline.{name}", () => of(status()), null, description);
    }

    static IEnumerable<Measurement<double>> Age(PipelineStatus status, TimeProvider time)
    {
        if (status.WatermarkMs == long.MinValue) yield break;
        yield return new((time.GetUtcNow().ToUnixTimeMilliseconds() - status.WatermarkMs) / 1000.0, new KeyValuePair<string, object?>("held_back_by", status.HeldBackBy));
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
