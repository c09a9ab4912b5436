using Ranking.Features.Aggregates;
using Ranking.Features.Events;

namespace Ranking.Features.Rows;

/// <summary>What is known of an entity as of a cut: from the pipeline's state or from a packed row, for the same feature code.</summary>
public interface IEntityView
{
    /// <summary>Whether the entity was deleted as of a time: then nothing is known of it until it has a document again.</summary>
    bool IsDeletedAt(long cutMs);

    /// <summary>The document's fields that were valid at a time; null if there was none or it was deleted.</summary>
    FieldValue[]? Document(long cutMs);

    /// <summary>Writes an aggregate's numbers; false if the key was never counted.</summary>
    bool TryAggregate(AggregatePlan aggregate, KeyPlan key, string crossed, long cutMs, Span<float> numbers);

    /// <summary>The user's recent events strictly before a cut, newest first, at most <paramref name="length"/>.</summary>
    string[] Recent(int plan, int length, long cutMs);

    /// <summary>Time of the user's latest event strictly before a cut; null if there was none.</summary>
    long? LastBefore(int plan, long cutMs);
}
