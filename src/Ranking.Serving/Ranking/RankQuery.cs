using Ranking.Features.Events;

namespace Ranking.Serving.Ranking;

/// <summary>A rank request, read and checked.</summary>
internal sealed class RankQuery
{
    /// <summary>The caller's id, or one that was made.</summary>
    public required string RequestId { get; init; }

    public required string User { get; init; }

    /// <summary>The instant at which features are cut, milliseconds since 1970 UTC.</summary>
    public required long TimeMs { get; init; }

    /// <summary>Values of the spec's context fields, in its order; those that belong to a candidate are missing.</summary>
    public required FieldValue[] Context { get; init; }

    /// <summary>What to rank, each id once, in the order of the request; retrieval adds to it.</summary>
    public required List<CandidateQuery> Candidates { get; init; }

    /// <summary>The item whose neighbours are ranked too; null for none.</summary>
    public string? SimilarTo { get; init; }

    /// <summary>How many neighbours.</summary>
    public int Neighbours { get; init; }

    /// <summary>For each label its weight in the score.</summary>
    public required double[] Weights { get; init; }

    /// <summary>The most items to answer with.</summary>
    public required int Limit { get; init; }

    /// <summary>How long the caller waits.</summary>
    public required TimeSpan Deadline { get; init; }

    public bool Explain { get; init; }
}

/// <summary>An item to be ranked.</summary>
/// <param name="Id">The item's id.</param>
/// <param name="Context">Values of all context fields in the spec's order, the candidate's own in place; null where it has none of its own.</param>
internal readonly record struct CandidateQuery(string Id, FieldValue[]? Context);
