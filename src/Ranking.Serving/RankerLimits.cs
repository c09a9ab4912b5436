namespace Ranking.Serving;

/// <summary>What the ranker refuses or cuts short. Every queue, list and wait has a bound.</summary>
public sealed record RankerLimits
{
    /// <summary>Bytes of a body; 4 MiB by default. Larger ones get 413.</summary>
    public int MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>Candidates of a request; 2,000 by default. More get 413.</summary>
    public int MaxCandidates { get; init; } = 2_000;

    /// <summary>Neighbours that <c>candidates_from</c> or <c>/v1/similar</c> may ask for; 1,000 by default.</summary>
    public int MaxNeighbours { get; init; } = 1_000;

    /// <summary>Ids in a context field that is a list; 1,000 by default.</summary>
    public int MaxIdsOfField { get; init; } = 1_000;

    /// <summary>The longest <c>deadline_ms</c>; one minute by default.</summary>
    public int MaxDeadlineMs { get; init; } = 60_000;

    /// <summary>The deadline of a request that names none, milliseconds; 1,000 by default.</summary>
    public int DefaultDeadlineMs { get; init; } = 1_000;

    /// <summary>Requests that are worked on at once; by default twice the processors: scoring takes a processor, fetching waits.</summary>
    public int MaxConcurrent { get; init; } = Math.Max(2, 2 * Environment.ProcessorCount);

    /// <summary>Requests that wait for their turn; 256 by default. Beyond it: 429 with Retry-After.</summary>
    public int MaxQueued { get; init; } = 256;

    /// <summary>How long Redis may take for one request, milliseconds, before the request is ranked without it, marked degraded; 100 by default.</summary>
    public int RedisTimeoutMs { get; init; } = 100;
}
