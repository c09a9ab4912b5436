using Ranking.Features.Events;

namespace Ranking.Features.Joining.State;

/// <summary>Where a task stands, beside what its rooms hold. Times are event times in milliseconds.</summary>
public sealed record TaskMarks
{
    /// <summary>For each source topic its own watermark, and whether it is idle.</summary>
    public required (long WatermarkMs, bool Idle)[] Topics { get; init; }

    /// <summary>The source partition's watermark.</summary>
    public required long WatermarkMs { get; init; }

    /// <summary>The watermark that was published last, and whether the partition was said to be idle.</summary>
    public required (long WatermarkMs, bool Idle) Published { get; init; }

    /// <summary>The watermark of examples that was emitted last.</summary>
    public required long EmittedMs { get; init; }

    /// <summary>For each source partition the watermark that its task has published, and whether it is idle.</summary>
    public required (long WatermarkMs, bool Idle)[] Sources { get; init; }

    /// <summary>The event that the sorter released last: copies of it are known by it.</summary>
    public required SourceEvent? Released { get; init; }

    /// <summary>How often rows have been written: entities that changed since the last time carry this number.</summary>
    public required long RowRound { get; init; }
}
