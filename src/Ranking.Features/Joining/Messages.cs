using Ranking.Features.Events;
using Ranking.Features.Examples;

namespace Ranking.Features.Joining;

/// <summary>To an owner, in topic <c>counts</c>: what happened to it and, of an impression, the question for its features.</summary>
/// <param name="Owner">Index of the owner in the plan.</param>
/// <param name="Id">The owner's id.</param>
/// <param name="TimeMs">Event time.</param>
/// <param name="Kind">impression, or the kind of feedback.</param>
/// <param name="Amount">How much, in millionths.</param>
/// <param name="User">The user's id.</param>
/// <param name="Item">The item's id.</param>
/// <param name="Context">The impression's context, as far as the owner's keys need it; empty for feedback that joined none.</param>
/// <param name="RequestId">Of an impression that asks: its request. Null otherwise.</param>
public sealed record OwnerEvent(int Owner, string Id, long TimeMs, string Kind, long Amount, string User, string Item, FieldValue[] Context, string? RequestId);

/// <summary>An owner's answer, in topic <c>answers</c>: its features as of an impression's cut.</summary>
/// <param name="Owner">Index of the owner in the plan.</param>
/// <param name="TimeMs">The impression's time.</param>
/// <param name="User">Its user.</param>
/// <param name="RequestId">Its request.</param>
/// <param name="Item">Its item.</param>
/// <param name="Features">The owner's columns, packed (<see cref="FeatureDraft.Write"/>).</param>
public sealed record OwnerAnswer(int Owner, long TimeMs, string User, string RequestId, string Item, byte[] Features);

/// <summary>In topic <c>counts</c>: everything that a source partition counts below a time was sent before this.</summary>
/// <param name="Partition">The source partition.</param>
/// <param name="WatermarkMs">The time.</param>
/// <param name="Idle">Whether nothing comes there, so that it follows the others and no one follows it.</param>
public readonly record struct SourceWatermark(int Partition, long WatermarkMs, bool Idle = false);

/// <summary>Why an event was not used.</summary>
public enum Rejection
{
    /// <summary>It came later than the allowed lateness.</summary>
    Late,
    /// <summary>A copy of an event that was used: counted, not written anywhere.</summary>
    Copy,
    /// <summary>It is of a user who was erased, from before: counted, not written anywhere.</summary>
    Erased,
    /// <summary>The same identity as an event that was used, with other content.</summary>
    Conflict,
    /// <summary>Its content cannot be read.</summary>
    Unreadable,
}

/// <summary>Where a task's results go.</summary>
public interface ITaskOutput
{
    /// <summary>An event, perhaps a question, for the owner that lives in a partition.</summary>
    void Send(int partition, OwnerEvent ownerEvent);

    /// <summary>An answer for the user that lives in a partition.</summary>
    void Send(int partition, OwnerAnswer answer);

    /// <summary>This task's watermark, for every partition of owners.</summary>
    void Send(SourceWatermark watermark);

    /// <summary>A finished example; they come in the order time, user, request id, item.</summary>
    void Emit(Example example);

    /// <summary>The least time of an example that can still come from this task.</summary>
    void EmitWatermark(long timeMs);

    /// <summary>The row of an entity.</summary>
    void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row);

    /// <summary>An entity is gone: deleted or expired.</summary>
    /// <param name="owner">Its kind.</param>
    /// <param name="id">Its id.</param>
    /// <param name="watermarkMs">The watermark at which it was found so: what is known of it is older, and a document from then on is a new one.</param>
    void DeleteRow(OwnerPlan owner, string id, long watermarkMs);

    /// <summary>An example has the features that were served, and the rows that they were made from were compared with the owners' answers.</summary>
    /// <param name="rows">Rows of the user, the item and other owners.</param>
    /// <param name="staler">How many of them gave other features.</param>
    void Compared(int rows, int staler);

    /// <summary>An event that was not used, and why.</summary>
    void Reject(SourceEvent sourceEvent, Rejection why, string detail);
}
