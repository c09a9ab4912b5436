using Ranking.Streams.Pipeline;

namespace Ranking.Streams.Loop;

/// <summary>What a member has committed, over all its sessions; read from other threads.</summary>
sealed class PipelineProgress
{
    PipelineStatus status = new(0, 0, 0, 0, 0, 0, long.MinValue, "", false);
    PipelineCounts before;
    long events;

    public PipelineStatus Status => Volatile.Read(ref status);

    /// <summary>How many transactions were committed.</summary>
    public long Commits { get; private set; }

    /// <summary>A new session counts from zero.</summary>
    public void BeginSession() => before = default;

    /// <summary>A transaction was committed.</summary>
    /// <param name="used">Source events that it used.</param>
    /// <param name="written">What the session has written up to it.</param>
    public void Committed(long used, PipelineCounts written)
    {
        Commits++;
        events += used;
        PipelineStatus now = status;
        Volatile.Write(ref status, now with
        {
            Events = events,
            Examples = now.Examples + written.Examples - before.Examples,
            Rows = now.Rows + written.Rows - before.Rows,
            Late = now.Late + written.Late - before.Late,
            Dead = now.Dead + written.Dead - before.Dead,
            Copies = now.Copies + written.Copies - before.Copies,
            Served = now.Served + written.Served - before.Served,
            ServedRows = now.ServedRows + written.ServedRows - before.ServedRows,
            StalerRows = now.StalerRows + written.StalerRows - before.StalerRows,
        });
        before = written;
    }

    /// <summary>Where the tasks stand.</summary>
    public void Report(IReadOnlyCollection<HeldTask> tasks, bool caughtUp)
    {
        PipelineStatus now = status;
        HeldTask? least = tasks.MinBy(t => t.Task.WatermarkMs);
        Volatile.Write(ref status, now with
        {
            WatermarkMs = least?.Task.WatermarkMs ?? long.MinValue,
            HeldBackBy = least is null ? "" : $"{least.Task.SlowestTopic}-{least.Partition}",
            CaughtUp = caughtUp,
            Held = now.Held.Count == tasks.Count && now.Held.SequenceEqual(tasks.Select(t => t.Partition)) ? now.Held : [.. tasks.Select(t => t.Partition)],
        });
    }
}
