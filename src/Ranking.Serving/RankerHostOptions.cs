using System.Net;

namespace Ranking.Serving;

/// <summary>Where a ranker listens.</summary>
public sealed record RankerHostOptions
{
    /// <summary>Port of the API; 8080 by default, 0 picks a free one.</summary>
    public int HttpPort { get; init; } = 8080;

    /// <summary>Port of metrics and health for the platform; 9090 by default, 0 picks a free one. The API is not reachable through it.</summary>
    public int AdminPort { get; init; } = 9090;

    /// <summary>Address; all of the machine's by default.</summary>
    public IPAddress Address { get; init; } = IPAddress.Any;

    /// <summary>How long running requests may take when the server stops; 5 s by default.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(5);
}
