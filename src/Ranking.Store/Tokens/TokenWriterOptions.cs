namespace Ranking.Store.Tokens;

/// <summary>How computed tokens are written back.</summary>
public sealed record TokenWriterOptions
{
    /// <summary>How long a token lives in Redis after it was written. Default one day.</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Most tokens that wait to be written; more are dropped and counted, since each can be computed again. Default 20,000.</summary>
    public int QueueLimit { get; init; } = 20_000;

    /// <summary>Most tokens written before their answers are awaited. Default 500.</summary>
    public int Batch { get; init; } = 500;
}
