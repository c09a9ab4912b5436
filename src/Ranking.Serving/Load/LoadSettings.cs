namespace Ranking.Serving.Load;

/// <summary>How a server is put under load.</summary>
public sealed record LoadSettings
{
    /// <summary>Where requests are posted.</summary>
    public required Uri Url { get; init; }

    /// <summary>Requests a second, on average: arrivals are a Poisson process, as of many independent callers.</summary>
    public required double Rate { get; init; }

    /// <summary>How long it is measured.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>How long it is loaded before that.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Media type of the bodies.</summary>
    public string MediaType { get; init; } = "application/json";

    /// <summary>How long an answer is waited for; a longer wait is a failure and counts with this time.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests under way at once; beyond it an arrival is a failure, since no more callers could be connected.</summary>
    public int MostUnderWay { get; init; } = 4096;

    /// <summary>Seed of the arrivals.</summary>
    public int Seed { get; init; } = 1;
}
