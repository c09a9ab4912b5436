namespace Ranking.Store.Vectors;

/// <summary>How far a vector set is.</summary>
enum VectorSetStage
{
    /// <summary>The sinks fill it.</summary>
    Building,

    /// <summary>It has held all documents; the sinks keep it so.</summary>
    Whole,

    /// <summary>Nobody is to write or read it any more.</summary>
    Dropped,
}

/// <summary>The vector sets of an entity kind, by the hash of their encoder's settings.</summary>
/// <param name="Sets">How far each is.</param>
/// <param name="Current">The one that is searched; null before the first.</param>
/// <param name="Wanted">The one that is to be searched once it is whole: that of the process that was started last.</param>
/// <param name="WantedMs">Since when, Unix milliseconds; the latest wish counts.</param>
/// <param name="UsedMs">When each was last of use, or its stage changed, Unix milliseconds.</param>
sealed record VectorSetsState(
    IReadOnlyDictionary<string, VectorSetStage> Sets, string? Current, string? Wanted, long WantedMs, IReadOnlyDictionary<string, long> UsedMs);
