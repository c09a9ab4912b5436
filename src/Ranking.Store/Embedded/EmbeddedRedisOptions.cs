using Microsoft.Extensions.Logging;

namespace Ranking.Store.Embedded;

/// <summary>How the embedded server runs.</summary>
public sealed record EmbeddedRedisOptions
{
    /// <summary>The least that <see cref="MemoryBytes"/> may be.</summary>
    public const long LeastMemoryBytes = 32L << 20;

    /// <summary>TCP port on 127.0.0.1; 0 (the default) takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Most bytes of keys, values and vectors. Default 1 GiB; taken as it fills, not at the start.</summary>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Whether <c>INFO commandstats</c> counts calls. Default false.</summary>
    public bool CountCommands { get; init; }

    /// <summary>Where the server logs to. Default null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
