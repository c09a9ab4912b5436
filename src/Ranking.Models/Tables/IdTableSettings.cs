using Ranking.Models.Networks;

namespace Ranking.Models.Tables;

/// <summary>Settings of one ID table.</summary>
public sealed record IdTableSettings
{
    /// <summary>Numbers in a row.</summary>
    public required int Dim { get; init; }

    /// <summary>The n-th sight of an id gives it a row of its own; until then it has the shared row. Default 1: at once.</summary>
    public int Admission { get; init; } = 1;

    /// <summary>A row that was not seen for so long, in event time, is dropped. Default null: never.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Rows at most; beyond it rows are evicted, a sixteenth at a time. Default 10,000,000.</summary>
    public int MaxRows { get; init; } = 10_000_000;

    /// <summary>Which rows go when the budget is spent. Default <see cref="RowEviction.Lru"/>.</summary>
    public RowEviction Eviction { get; init; } = RowEviction.Lru;

    /// <summary>What a missing value is. Default <see cref="MissingValue.Learned"/>.</summary>
    public MissingValue Missing { get; init; } = MissingValue.Learned;

    /// <summary>A row starts uniform in ±this, drawn from (seed, table, id). Default 0.01.</summary>
    public float InitialScale { get; init; } = 0.01f;

    /// <summary>Refuses settings that no table can have.</summary>
    /// <exception cref="ArgumentException">Names the setting, the value and what was expected.</exception>
    public IdTableSettings Validated()
    {
        Setting.AtLeast(1, Dim, "dimension");
        Setting.AtLeast(1, Admission, "admission");
        Setting.AtLeast(1, MaxRows, "rows");
        Setting.Require(Ttl is null || Ttl > TimeSpan.Zero, "ttl", Ttl, "a time > 0");
        Setting.Require(InitialScale >= 0 && float.IsFinite(InitialScale), "initial_scale", InitialScale, "a number ≥ 0");
        return this;
    }
}

/// <summary>Which rows go when a table is full; ties by how often seen (or when), then by a hash of the id.</summary>
public enum RowEviction
{
    /// <summary>Those not seen for longest, in event time.</summary>
    Lru,

    /// <summary>Those seen least often.</summary>
    Lfu,
}

/// <summary>What stands for a feature without any id.</summary>
public enum MissingValue
{
    /// <summary>A row of its own, which is trained; it starts at zero.</summary>
    Learned,

    /// <summary>Zeros.</summary>
    Zero,
}
