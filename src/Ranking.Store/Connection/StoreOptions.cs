namespace Ranking.Store;

/// <summary>How to reach a Redis server or cluster, and under which namespace the keys lie.</summary>
public sealed record StoreOptions
{
    /// <summary>
    /// <c>host:port</c>, several separated by commas (of a cluster, any of its nodes), with StackExchange.Redis's settings behind them
    /// if wanted (<c>ssl=true</c>). Passwords belong into <see cref="User"/> and <see cref="Password"/>, which are never shown.
    /// </summary>
    public required string Address { get; init; }

    /// <summary>Prefix of every key: 1 to 200 characters of letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.</summary>
    public required string Namespace { get; init; }

    /// <summary>User of Redis's access control lists; null for the default user.</summary>
    public string? User { get; init; }

    /// <summary>Password; null for none.</summary>
    public string? Password { get; init; }

    /// <summary>Longest wait for a connection. Default 3 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Longest wait for an answer of the sink and of administration. Default 2 s. Reads for a request bring
    /// a time-out of their own.
    /// </summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether a server that does not answer at the start is an error (the default). False: connect as soon as it is there, which is
    /// how the ranker starts in a bad hour.
    /// </summary>
    public bool RequireConnected { get; init; } = true;
}
