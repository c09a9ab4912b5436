namespace Ranking.Store;

/// <summary>What a server said of itself when asked; <c>ranking doctor</c> shows it.</summary>
public sealed record StoreAbilities
{
    /// <summary><c>redis</c>, <c>garnet</c>, <c>valkey</c> or what the server calls itself.</summary>
    public required string Server { get; init; }

    /// <summary>The server's own version, such as <c>8.0.2</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Whether VADD and VSIM work.</summary>
    public required bool VectorSets { get; init; }

    /// <summary>Whether EVAL works; without it the sink writes by WATCH and MULTI.</summary>
    public required bool Scripts { get; init; }

    /// <summary>Whether keys are spread over the shards of a Redis Cluster.</summary>
    public required bool Cluster { get; init; }

    /// <summary><c>maxmemory-policy</c>, by CONFIG or, where that is forbidden, by INFO; null where the server does not tell.</summary>
    public required string? EvictionPolicy { get; init; }

    /// <summary><c>maxmemory</c> in bytes, 0 for no limit; null where the server does not tell.</summary>
    public required long? MaxMemoryBytes { get; init; }

    /// <summary>Memory that the server says it uses, in bytes; null where it does not tell (Garnet).</summary>
    public required long? UsedMemoryBytes { get; init; }

    /// <summary>False where the server may drop rows by itself to stay within its memory: <c>doctor</c> refuses it, <c>serve</c> warns.</summary>
    public bool KeepsRows => EvictionPolicy is null or "noeviction" || MaxMemoryBytes == 0;

    /// <summary>Garnet differs in a few commands; see Vectors.</summary>
    public bool IsGarnet => Server == "garnet";
}
