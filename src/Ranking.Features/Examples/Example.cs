namespace Ranking.Features.Examples;

/// <summary>An impression with its features and labels: what a model learns from.</summary>
/// <param name="TimeMs">Event time, milliseconds since 1970 UTC.</param>
/// <param name="RequestId">The request that showed the item.</param>
/// <param name="User">The user's id.</param>
/// <param name="Item">The item's id.</param>
/// <param name="ListKey">What groups examples into a list for NDCG and GAUC (the spec's <c>list</c>).</param>
/// <param name="Features">The features as of the impression.</param>
/// <param name="Labels">For each label of the spec, in order, 1 or 0.</param>
/// <param name="Source">Whether the features are those that were served or a backfill.</param>
public sealed record Example(long TimeMs, string RequestId, string User, string Item, string ListKey, FeatureVector Features, float[] Labels, ExampleSource Source)
{
    /// <summary>Whether two examples are the same, bit for bit.</summary>
    public bool Equals(Example? other) => other is not null && TimeMs == other.TimeMs && RequestId == other.RequestId && User == other.User && Item == other.Item
        && ListKey == other.ListKey && Source == other.Source && Labels.AsSpan().SequenceEqual(other.Labels) && Features.Equals(other.Features);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(TimeMs, RequestId, User, Item);
}

/// <summary>Where an example's features come from.</summary>
public enum ExampleSource
{
    /// <summary>Computed by the pipeline as of the impression's time less the delay.</summary>
    Backfilled,
    /// <summary>Those that the ranker really scored with.</summary>
    Served,
}
