using Ranking.Features.Partitioning;

namespace Ranking.Features.Events;

/// <summary>An event of a source topic. Its identity is all of it but what <see cref="CompareContent"/> compares.</summary>
/// <param name="TimeMs">Event time, milliseconds since 1970 UTC.</param>
public abstract record SourceEvent(long TimeMs)
{
    /// <summary>Rank among events of one instant: entity, impression, served, feedback.</summary>
    public abstract int KindRank { get; }

    /// <summary>The id by which the event is partitioned.</summary>
    public abstract string Key { get; }

    /// <summary>The total order in which events are released: time, kind, identity (streams.md, section 2).</summary>
    public static int Compare(SourceEvent a, SourceEvent b)
    {
        int c = a.TimeMs.CompareTo(b.TimeMs);
        if (c != 0) return c;
        c = a.KindRank.CompareTo(b.KindRank);
        return c != 0 ? c : a.CompareIdentity(b);
    }

    /// <summary>Order of identities of events of one kind and time; 0 for copies.</summary>
    protected abstract int CompareIdentity(SourceEvent other);

    /// <summary>Order of the contents of two events of one identity; 0 where they are the same.</summary>
    public abstract int CompareContent(SourceEvent other);
}

/// <summary>An item that a user was shown.</summary>
/// <param name="RequestId">The request that showed it.</param>
/// <param name="User">The user's id.</param>
/// <param name="Item">The item's id.</param>
/// <param name="Position">Place in the list, from 0; null if unknown.</param>
/// <param name="Context">Values of the spec's context fields, in their order.</param>
public sealed record Impression(long TimeMs, string RequestId, string User, string Item, int? Position, FieldValue[] Context) : SourceEvent(TimeMs)
{
    /// <inheritdoc/>
    public override int KindRank => 1;

    /// <inheritdoc/>
    public override string Key => User;

    /// <summary>The order in which examples are emitted: time, user, request id, item.</summary>
    public static int CompareOrder(Impression a, Impression b)
    {
        int c = a.TimeMs.CompareTo(b.TimeMs);
        return c != 0 ? c : a.CompareIdentity(b);
    }

    /// <inheritdoc/>
    protected override int CompareIdentity(SourceEvent other)
    {
        var o = (Impression)other;
        int c = Ids.Compare(User, o.User);
        if (c == 0) c = Ids.Compare(RequestId, o.RequestId);
        return c != 0 ? c : Ids.Compare(Item, o.Item);
    }

    /// <inheritdoc/>
    public override int CompareContent(SourceEvent other)
    {
        var o = (Impression)other;
        int c = Nullable.Compare(Position, o.Position);
        for (int i = 0; c == 0 && i < Context.Length; i++) c = Context[i].CompareTo(o.Context[i]);
        return c;
    }
}

/// <summary>What a user did with an item.</summary>
/// <param name="RequestId">The request that showed it; null if unknown: then it is of the user's latest impression of the item.</param>
/// <param name="User">The user's id.</param>
/// <param name="Item">The item's id.</param>
/// <param name="Kind">Kind of feedback, one of the spec's.</param>
/// <param name="Value">How much, in millionths (<see cref="One"/> is 1): sums stay exact integers.</param>
public sealed record Feedback(long TimeMs, string? RequestId, string User, string Item, string Kind, long Value = Feedback.One) : SourceEvent(TimeMs)
{
    /// <summary>The fixed-point number 1.</summary>
    public const long One = 1_000_000;

    /// <inheritdoc/>
    public override int KindRank => 3;

    /// <inheritdoc/>
    public override string Key => User;

    /// <inheritdoc/>
    protected override int CompareIdentity(SourceEvent other)
    {
        var o = (Feedback)other;
        int c = Ids.Compare(User, o.User);
        if (c == 0) c = Ids.Compare(RequestId, o.RequestId);
        if (c == 0) c = Ids.Compare(Item, o.Item);
        if (c == 0) c = Ids.Compare(Kind, o.Kind);
        return c != 0 ? c : Value.CompareTo(o.Value);
    }

    /// <inheritdoc/>
    public override int CompareContent(SourceEvent other) => 0; // its identity is all of it
}

/// <summary>A document of an entity from a time on.</summary>
/// <param name="Kind">Kind of entity: user, item or a context field of type id.</param>
/// <param name="Id">The entity's id.</param>
/// <param name="Json">The document in UTF-8; null deletes the entity.</param>
public sealed record EntityDocument(long TimeMs, string Kind, string Id, byte[]? Json) : SourceEvent(TimeMs)
{
    /// <inheritdoc/>
    public override int KindRank => 0;

    /// <inheritdoc/>
    public override string Key => Id;

    /// <inheritdoc/>
    protected override int CompareIdentity(SourceEvent other)
    {
        var o = (EntityDocument)other;
        int c = string.CompareOrdinal(Kind, o.Kind);
        return c != 0 ? c : Ids.Compare(Id, o.Id);
    }

    /// <inheritdoc/>
    public override int CompareContent(SourceEvent other) => Json.AsSpan().SequenceCompareTo(((EntityDocument)other).Json);
}
