namespace Ranking.Streams.Pipeline;

/// <summary>How a member of a pipeline works.</summary>
public sealed record PipelineOptions
{
    /// <summary>The member's name: at most one process has it at a time. Default m0.</summary>
    public string Member { get; init; } = "m0";

    /// <summary>Folder under which members keep their state; by default <c>ranking</c> in the user's folder for state.</summary>
    public string StateFolder { get; init; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"), "ranking");

    /// <summary>Time between commits. Default 100 ms.</summary>
    public TimeSpan CommitEvery { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether topic-partitions that are silent follow the others.</summary>
    public bool Live { get; init; }

    /// <summary>How long a topic-partition must be silent, by the clock on the wall. Default 10 s.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A topic-partition that is further ahead of the least, in event time, waits for it. Default one day.</summary>
    public TimeSpan MostAhead { get; init; } = TimeSpan.FromDays(1);

    /// <summary>With <see cref="Live"/>: an event further ahead of its record's own time is a dead letter. Default one hour.</summary>
    public TimeSpan MostFuture { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What entities may take in memory, estimated; the others are read from RocksDB when they are needed. Default 512 MiB.</summary>
    public long StateBytes { get; init; } = 512L << 20;

    /// <summary>How long the group waits for a member that does not answer. Default 15 s.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How many records are read before the tasks move on.</summary>
    internal int BatchRecords { get; init; } = 2_000;

    /// <summary>Called at points of the loop where tests of faults strike.</summary>
    internal Action<string>? Probe { get; init; }
}
