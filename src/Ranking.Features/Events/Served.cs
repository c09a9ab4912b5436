using Ranking.Features.Partitioning;

namespace Ranking.Features.Events;

/// <summary>What the ranker scored an item with. All of it is its identity: a request that was answered twice was served twice.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="User">The user's id.</param>
/// <param name="Item">The item's id.</param>
/// <param name="Model">The version that scored, NAME@V.</param>
/// <param name="FeatureHash">Hash of what the features are; of another spec they are of no use.</param>
/// <param name="Place">Place in the answer, from 0; null: it was not in it, and is one of a sample.</param>
/// <param name="Degraded">What the request lacked; empty for a full answer.</param>
/// <param name="Features">The features, packed (<see cref="Examples.FeatureVector.Write"/>).</param>
public sealed record Served(long TimeMs, string RequestId, string User, string Item, string Model, string FeatureHash, int? Place, string[] Degraded, byte[] Features) : SourceEvent(TimeMs)
{
    /// <inheritdoc/>
    public override int KindRank => 2;

    /// <inheritdoc/>
    public override string Key => User;

    /// <inheritdoc/>
    protected override int CompareIdentity(SourceEvent other)
    {
        var o = (Served)other;
        int c = Ids.Compare(User, o.User);
        if (c == 0) c = Ids.Compare(RequestId, o.RequestId);
        if (c == 0) c = Ids.Compare(Item, o.Item);
        if (c == 0) c = Ids.Compare(Model, o.Model);
        if (c == 0) c = Features.AsSpan().SequenceCompareTo(o.Features);
        if (c == 0) c = Ids.Compare(FeatureHash, o.FeatureHash);
        if (c == 0) c = Nullable.Compare(Place, o.Place);
        return c != 0 ? c : FieldValue.Of(Degraded).CompareTo(FieldValue.Of(o.Degraded));
    }

    /// <inheritdoc/>
    public override int CompareContent(SourceEvent other) => 0;
}
