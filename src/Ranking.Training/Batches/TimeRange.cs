using Ranking.Features.Examples;

namespace Ranking.Training.Batches;

/// <summary>A range of event time, [from, to), in milliseconds since 1970 UTC; null is unbounded.</summary>
/// <param name="FromMs">First time inside.</param>
/// <param name="ToMs">First time after it.</param>
public readonly record struct TimeRange(long? FromMs = null, long? ToMs = null)
{
    /// <summary>Whether a time lies inside.</summary>
    public bool Contains(long timeMs) => !(timeMs < FromMs) && !(timeMs >= ToMs);

    /// <summary>Whether an example's time lies inside.</summary>
    public bool Contains(Example example) => Contains(example.TimeMs);
}
