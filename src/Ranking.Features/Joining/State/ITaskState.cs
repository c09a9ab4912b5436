using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Joining.State;

/// <summary>
/// What a task must find again when it starts elsewhere, room by room (streams.md, section 3). The task works on its own objects and
/// says which of them changed; whoever implements this decides what becomes of that.
/// </summary>
public interface ITaskState
{
    /// <summary>Where the task stood at the last commit; null: it begins, and every room is empty.</summary>
    TaskMarks? Marks { get; }

    /// <summary>Events that wait in the sorter.</summary>
    INumberedState<SourceEvent> Sorting { get; }

    /// <summary>Impressions that wait for their window or for answers, in the order of their release.</summary>
    INumberedState<WaitingImpression> Waiting { get; }

    /// <summary>What was served and may still be of an impression, in the order of its release.</summary>
    INumberedState<Served> Served { get; }

    /// <summary>Users who were erased a short while ago.</summary>
    INumberedState<Erasure> Erased { get; }

    /// <summary>Questions that wait for watermarks.</summary>
    INumberedState<OwnerEvent> Questions { get; }

    /// <summary>The entities of a kind.</summary>
    IEntityStates Entities(OwnerPlan owner);
}
