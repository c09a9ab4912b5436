using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Rows;

/// <summary>
/// What is known of an entity as of a cut: from the pipeline's state or from a packed row, for the same feature code. An entity that was
/// deleted, or silent for its time to live, begins anew: what was before is not known.
/// </summary>
public interface IEntityView
{
    /// <summary>The document's fields that were valid at a time; null if there was none or it was deleted.</summary>
    FieldValue[]? Document(long cutMs);

    /// <summary>Whether all that was known at a time is known now: a row may have dropped an older document, or what a deletion forgot.</summary>
    bool Holds(long cutMs);

    /// <summary>Writes the numbers of a key's aggregates.</summary>
    KeyFound WriteAggregates(KeyAggregates of, string crossed, long cutMs, FeatureDraft draft);

    /// <summary>The user's recent events strictly before a cut, newest first, at most <paramref name="length"/>.</summary>
    string[] Recent(int plan, int length, long cutMs);

    /// <summary>Time of the user's latest event strictly before a cut; null if there was none.</summary>
    long? LastBefore(int plan, long cutMs);
}

/// <summary>What was found of a key's counts.</summary>
public enum KeyFound
{
    /// <summary>The key was never counted.</summary>
    No,
    /// <summary>All that the cut needs.</summary>
    Whole,
    /// <summary>Less than that: the cut lies too far before the newest event that was counted.</summary>
    InPart,
}
