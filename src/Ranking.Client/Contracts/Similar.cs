using System.Text.Json;
using MessagePack;

namespace Ranking.Client;

/// <summary>Asks for the documents nearest to a document, an item or a vector: the body of <c>POST /v1/similar</c>. Exactly one of the three is given.</summary>
[MessagePackObject]
public sealed record SimilarRequest
{
    /// <summary>A JSON document; it is encoded as the items' documents were.</summary>
    [Key("doc")][MessagePackFormatter(typeof(Formats.DocumentFormatter))] public JsonElement? Doc { get; init; }

    /// <summary>An item whose vector is stored; it is not among its own neighbours.</summary>
    [Key("id")] public string? Id { get; init; }

    /// <summary>A vector of the spec's MBAT dimension.</summary>
    [Key("vector")] public IReadOnlyList<float>? Vector { get; init; }

    /// <summary>How many neighbours.</summary>
    [Key("k")] public int K { get; init; } = 10;

    /// <summary>A filter over attributes, in the syntax of Redis 8 vector sets.</summary>
    [Key("filter")] public string? Filter { get; init; }
}

/// <summary>The answer of <c>POST /v1/similar</c>.</summary>
[MessagePackObject]
public sealed record SimilarAnswer
{
    /// <summary>Nearest first.</summary>
    [Key("neighbours")] public required IReadOnlyList<Neighbour> Neighbours { get; init; }
}

/// <summary>A near document.</summary>
[MessagePackObject]
public sealed record Neighbour
{
    /// <summary>The item's id.</summary>
    [Key("id")] public required string Id { get; init; }

    /// <summary>Cosine of the angle between the vectors, −1 to 1.</summary>
    [Key("similarity")] public double Similarity { get; init; }
}
