using System.Text.Json.Serialization;
using MessagePack;

namespace Ranking.Client;

/// <summary>An item to be ranked. On the wire: its id, or <c>{"id","features"}</c> where it brings values of its own.</summary>
/// <param name="Id">The item's id; UTF-8 of 1 to 512 bytes.</param>
/// <param name="Features">Values of the spec's context fields that belong to a candidate.</param>
[JsonConverter(typeof(Formats.CandidateJsonConverter))]
[MessagePackFormatter(typeof(Formats.CandidateFormatter))]
public sealed record Candidate(string Id, IReadOnlyDictionary<string, FeatureValue>? Features = null)
{
    /// <summary>A candidate without values of its own.</summary>
    public static implicit operator Candidate(string id) => new(id);

    /// <summary>A candidate without values of its own, by another name.</summary>
    public static Candidate FromString(string id) => new(id);
}

/// <summary>Asks the ranker to find candidates itself: the nearest neighbours of an item.</summary>
[MessagePackObject]
public sealed record CandidatesFrom
{
    /// <summary>The item whose neighbours are ranked; it is not among them.</summary>
    [Key("similar_to")] public required string SimilarTo { get; init; }

    /// <summary>How many neighbours.</summary>
    [Key("k")] public required int K { get; init; }
}
