namespace Ranking.Client;

/// <summary>Settings of a <see cref="RankingClient"/>.</summary>
public sealed record RankingClientOptions
{
    /// <summary>How long one call may take, its retries included; 2 s by default.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How often a call is sent again after the connection failed or the server said 429 or 503; 2 by default. Ranking changes
    /// nothing and the request keeps its id, so a second sending is safe; after any other answer, or when the time is up, there is none.
    /// </summary>
    public int Retries { get; init; } = 2;

    /// <summary>Pause before the first retry, doubled (and spread by a random half) before each further one; 20 ms by default. A server's Retry-After is kept where it still fits the time.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether bodies are MessagePack; JSON by default.</summary>
    public bool MessagePack { get; init; }
}
