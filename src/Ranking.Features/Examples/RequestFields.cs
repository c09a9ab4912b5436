using Ranking.Features.Aggregates;
using Ranking.Features.Events;

namespace Ranking.Features.Examples;

/// <summary>What an impression, or a candidate of a request, itself says.</summary>
/// <param name="TimeMs">Its time.</param>
/// <param name="User">The user's id.</param>
/// <param name="Item">The item's id.</param>
/// <param name="Position">Place in the list; null when serving.</param>
/// <param name="Context">Values of the spec's context fields, in their order.</param>
/// <param name="Serving">Whether training-only features take their serving constant.</param>
public readonly record struct RequestFields(long TimeMs, string User, string Item, int? Position, FieldValue[] Context, bool Serving = false)
{
    /// <summary>The fields of an impression.</summary>
    public static RequestFields Of(Impression i) => new(i.TimeMs, i.User, i.Item, i.Position, i.Context);

    /// <summary>The fields that keys are made of.</summary>
    public KeyFields Keys => new(User, Item, Context);
}
