namespace Ranking.Store.Upkeep;

/// <summary>How the rows in Redis differ from those they should be.</summary>
/// <param name="Same">Rows that are right.</param>
/// <param name="Changed">Rows with other bytes.</param>
/// <param name="Missing">Rows that Redis lacks.</param>
/// <param name="Surplus">Rows that only Redis has.</param>
/// <param name="Examples">Up to 20 keys that differ, each with how.</param>
public sealed record StoreDifferences(long Same, long Changed, long Missing, long Surplus, IReadOnlyList<string> Examples)
{
    /// <summary>Whether nothing differs.</summary>
    public bool None => Changed == 0 && Missing == 0 && Surplus == 0;
}
