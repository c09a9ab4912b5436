using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Rows;

/// <summary>What is known of an entity as of a cut: from the pipeline's state or from a packed row, for the same feature code.</summary>
public interface IEntityView
{
    /// <summary>Whether the entity was deleted as of a time: then nothing is known of it until it has a document again.</summary>
    bool IsDeletedAt(long cutMs);

    /// <summary>The document's fields that were valid at a time; null if there was none or it was deleted.</summary>
    FieldValue[]? Document(long cutMs);

    /// <summary>Whether what <see cref="Document"/> says of a time is known: a row may have dropped an older document.</summary>
    bool HoldsDocument(long cutMs);

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
