namespace Ranking.Store.Sink;

/// <summary>How a sink writes.</summary>
public sealed record SinkOptions
{
    /// <summary>An offset older than this is not trusted: tombstones after it may be compacted away. Default one day.</summary>
    public TimeSpan OldestOffset { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long an untouched tag's offset may lag before it is moved up. Default one minute.</summary>
    public TimeSpan MoveUpEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Shortest time a batch is collected. Default 200 ms.</summary>
    public TimeSpan BatchTime { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Most changes in a batch. Default 5,000.</summary>
    public int BatchSize { get; init; } = 5_000;

    /// <summary>How often an idle sink looks whether its offsets are still there. Default 1 s.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long vectors of an encoder that is not wanted any more stay after their last use. Default ten minutes.</summary>
    public TimeSpan KeepUnused { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether to write by scripts. Default null: if the server takes them.</summary>
    public bool? UseScripts { get; init; }

    /// <summary>The clock; tests move it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
