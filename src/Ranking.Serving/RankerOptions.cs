using Ranking.Streams.Topics;

namespace Ranking.Serving;

/// <summary>What a ranker serves, and from where.</summary>
public sealed record RankerOptions
{
    /// <summary>Folder of the model registry.</summary>
    public required string Registry { get; init; }

    /// <summary>Name of the model; by default the spec's name.</summary>
    public string? Model { get; init; }

    /// <summary>Folder of the feature spec; versions of other features are refused.</summary>
    public required string Spec { get; init; }

    /// <summary>Address of Redis; null serves without it: every owner's features are missing and every answer is degraded.</summary>
    public string? Redis { get; init; }

    /// <summary>Password of Redis; null for none. Never shown.</summary>
    public string? RedisPassword { get; init; }

    /// <summary>User of Redis's access lists; null for the default one.</summary>
    public string? RedisUser { get; init; }

    /// <summary>Prefix of keys; by default the spec's name.</summary>
    public string? Namespace { get; init; }

    /// <summary>How often the registry and the file of vectors are looked at; 5 s by default.</summary>
    public TimeSpan RegistryPoll { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether item tokens are read from and written to Redis; true by default.</summary>
    public bool CacheTokens { get; init; } = true;

    /// <summary>A file of the items' vectors (<c>ranking index build --documents</c>), searched in this process instead of the vector set in Redis; null: Redis.</summary>
    public string? VectorFile { get; init; }

    /// <summary>The problem's topics: what answers were scored with is written to <c>served</c>, and learned from as it was. Null: it is not.</summary>
    public KafkaSettings? Kafka { get; init; }

    /// <summary>What is refused or cut short.</summary>
    public RankerLimits Limits { get; init; } = new();
}
