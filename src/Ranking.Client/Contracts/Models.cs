using MessagePack;

namespace Ranking.Client;

/// <summary>The answer of <c>GET /v1/models</c>.</summary>
[MessagePackObject]
public sealed record ModelsAnswer
{
    /// <summary>The version that serves: NAME@V; null while none is loaded.</summary>
    [Key("serving")] public string? Serving { get; init; }

    /// <summary>Versions that this process holds or refused, newest first.</summary>
    [Key("versions")] public required IReadOnlyList<ModelInfo> Versions { get; init; }
}

/// <summary>A model version as a ranker sees it.</summary>
[MessagePackObject]
public sealed record ModelInfo
{
    /// <summary>NAME@V.</summary>
    [Key("model")] public required string Model { get; init; }

    /// <summary><c>serving</c>, <c>draining</c> (replaced, requests still run on it) or <c>refused</c>.</summary>
    [Key("state")] public required string State { get; init; }

    /// <summary>When it was loaded or refused.</summary>
    [Key("since")][MessagePackFormatter(typeof(Formats.IsoTimeFormatter))] public DateTimeOffset? Since { get; init; }

    /// <summary>The labels it predicts, the default score first.</summary>
    [Key("labels")] public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Why it was refused, and which file is wrong.</summary>
    [Key("reason")] public string? Reason { get; init; }
}
