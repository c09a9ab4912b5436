namespace Ranking.Store.Rows;

/// <summary>When reading gives up.</summary>
public sealed record RowStoreOptions
{
    /// <summary>Longest wait for a fetch. Default 50 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long no fetch is tried after half of at least <see cref="BreakAfter"/> fetches of the last two seconds failed: a server that
    /// hangs then costs a request nothing instead of its whole time-out. Default 1 s.
    /// </summary>
    public TimeSpan BreakFor { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Least number of fetches that can stop fetching. Default 8.</summary>
    public int BreakAfter { get; init; } = 8;
}
