using System.ComponentModel.DataAnnotations;

namespace Ranking.Features.Spec;

/// <summary>A feature; <c>type</c> in the file says which kind.</summary>
/// <param name="TrainingOnly">Known only after the fact (position): serving uses <paramref name="Serving"/>.</param>
/// <param name="Serving">The constant that serving uses for a training-only feature: an id, or a number as text.</param>
public abstract record FeatureSpec(bool TrainingOnly = false, string? Serving = null);

/// <summary>A feature whose values are ids, each with a row in a table.</summary>
/// <param name="Table">The table; several features may share one. By default one of its own, named as the feature.</param>
public abstract record IdsFeatureSpec(string? Table = null, bool TrainingOnly = false, string? Serving = null) : FeatureSpec(TrainingOnly, Serving);

/// <summary><c>id</c>: one id.</summary>
/// <param name="From">Where the id comes from.</param>
/// <param name="Missing">The id that a missing value becomes; by default the table's own row for it.</param>
public sealed record IdFeatureSpec(FieldRef From, string? Missing = null, string? Table = null, bool TrainingOnly = false, string? Serving = null)
    : IdsFeatureSpec(Table, TrainingOnly, Serving);

/// <summary><c>bucket</c>: a number, by the bucket that it falls into.</summary>
/// <param name="From">Where the number comes from.</param>
/// <param name="Bounds">Ascending bounds; value x falls into bucket #{b : b ≤ x}.</param>
/// <param name="Missing">The number that a missing value becomes; by default the table's own row for it.</param>
public sealed record BucketFeatureSpec(
    FieldRef From,
    [Length(1, 1024)] IReadOnlyList<double> Bounds,
    double? Missing = null,
    string? Table = null,
    bool TrainingOnly = false,
    string? Serving = null)
    : IdsFeatureSpec(Table, TrainingOnly, Serving);

/// <summary><c>multi_hot</c>: a set of ids from a field that holds a list; pooled by their mean.</summary>
/// <param name="From">Where the list comes from.</param>
/// <param name="Length">The most ids that are used: the first ones.</param>
public sealed record MultiHotFeatureSpec(FieldRef From, [Range(1, 1024)] int Length = 64, string? Table = null)
    : IdsFeatureSpec(Table);

/// <summary><c>sequence</c>: the user's latest events of one kind before the cut, newest first.</summary>
/// <param name="Of">A kind of feedback, or <c>impression</c>.</param>
/// <param name="Field">What is kept of each: <c>item</c> or a context field of type id.</param>
/// <param name="Length">How many.</param>
/// <param name="Pooling">How the model pools them.</param>
public sealed record SequenceFeatureSpec(string Of, FieldRef Field, [Range(1, 1000)] int Length = 20, Pooling Pooling = Pooling.Mean, string? Table = null)
    : IdsFeatureSpec(Table);

/// <summary>How a list of embeddings becomes one.</summary>
public enum Pooling
{
    /// <summary>Their mean.</summary>
    Mean,
    /// <summary>A sum weighted by attention to the item (DIN).</summary>
    Din,
}

/// <summary><c>time</c>: a part of the impression's time in the spec's zone, as an id.</summary>
/// <param name="Part">Which part.</param>
public sealed record TimeFeatureSpec(TimePart Part, string? Table = null) : IdsFeatureSpec(Table);

/// <summary>A part of a time.</summary>
public enum TimePart
{
    /// <summary>0 to 23.</summary>
    Hour,
    /// <summary>0 (Sunday) to 6.</summary>
    DayOfWeek,
    /// <summary>Hour of the week, 0 (Sunday, midnight) to 167.</summary>
    HourOfWeek,
}

/// <summary>A feature whose values are numbers.</summary>
public abstract record NumbersFeatureSpec(bool TrainingOnly = false, string? Serving = null) : FeatureSpec(TrainingOnly, Serving);

/// <summary><c>number</c>: one number.</summary>
/// <param name="From">Where it comes from.</param>
/// <param name="Transform">What is done to it.</param>
/// <param name="Mean">Subtracted after the transform.</param>
/// <param name="Scale">Multiplied after that.</param>
/// <param name="Missing">The value, before the transform, where there is none.</param>
/// <param name="By">Where the document's field is an object of numbers (of at most 1,024 ids: the first ones), the user, item or context field whose
/// value is the key: what a user did with the candidate's category, say.</param>
public sealed record NumberFeatureSpec(
    FieldRef From,
    Transform Transform = Transform.None,
    double Mean = 0,
    double Scale = 1,
    double Missing = 0,
    FieldRef? By = null,
    bool TrainingOnly = false,
    string? Serving = null)
    : NumbersFeatureSpec(TrainingOnly, Serving)
{
    /// <summary>The most ids of an object that are used.</summary>
    public const int MostIds = 1024;
}

/// <summary>What is done to a number before the model sees it.</summary>
public enum Transform
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>sign(x) · ln(1 + |x|).</summary>
    Log1p,
    /// <summary>ln(x / (1 − x)), with x held in [1e-4, 1 − 1e-4].</summary>
    Logit,
}

/// <summary>
/// <c>aggregate</c>: counts of what happened to a key, over windows of event time. For each window and each part of
/// <paramref name="As"/> one number.
/// </summary>
/// <param name="Key">Fields whose values make the key; everything about the first one is counted at its owner.</param>
/// <param name="Count">What is counted: <c>impression</c> or a kind of feedback.</param>
/// <param name="Over">For a rate: what it is divided by; <c>impression</c> by default.</param>
/// <param name="Windows">Lengths of time, or <c>total</c>.</param>
/// <param name="As">Which numbers are made.</param>
/// <param name="Prior">A rate is (count + prior · strength) / (over + strength).</param>
/// <param name="Strength">See <paramref name="Prior"/>.</param>
/// <param name="Bucket">Length of a bucket of event time; by default a window's 24th.</param>
public sealed record AggregateFeatureSpec(
    [Length(1, 4)] IReadOnlyList<FieldRef> Key,
    string Count,
    [Length(1, 16), Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00", MinimumIsExclusive = true)] IReadOnlyList<WindowSpec> Windows,
    string Over = "impression",
    [Length(1, 4)] IReadOnlyList<AggregatePart>? As = null,
    [Range(0.0, 1e6)] double Prior = 0,
    [Range(0.0, 1e9)] double Strength = 10,
    [Range(typeof(TimeSpan), "00:00:00.001", "365.00:00:00")] TimeSpan? Bucket = null)
    : NumbersFeatureSpec
{
    /// <summary>Which numbers are made; a rate and the logarithm of what it is divided by, unless said otherwise.</summary>
    public IReadOnlyList<AggregatePart> As { get; init; } = As ?? [AggregatePart.Rate, AggregatePart.LogOver];
}

/// <summary>A window of event time, or all time.</summary>
/// <param name="Length">Null: all time, <c>total</c> in the file.</param>
public readonly record struct WindowSpec(TimeSpan? Length);

/// <summary>A number made of counts.</summary>
public enum AggregatePart
{
    /// <summary>The smoothed rate.</summary>
    Rate,
    /// <summary>ln(rate / (1 − rate)) of the smoothed rate.</summary>
    LogitRate,
    /// <summary>ln(1 + count).</summary>
    LogCount,
    /// <summary>ln(1 + over).</summary>
    LogOver,
}

/// <summary><c>since</c>: ln(1 + seconds) since the user's latest event of one kind before the cut.</summary>
/// <param name="Of">A kind of feedback, or <c>impression</c>.</param>
/// <param name="Missing">The number of seconds where there was none.</param>
/// <param name="Mean">Subtracted after the logarithm.</param>
/// <param name="Scale">Multiplied after that.</param>
public sealed record SinceFeatureSpec(string Of, [Range(0.0, 1e12)] double Missing = 30 * 86400, double Mean = 0, double Scale = 1) : NumbersFeatureSpec;

/// <summary><c>mbat</c>: the MBAT vector of an entity's document, unit length.</summary>
/// <param name="From">Kind of entity.</param>
/// <param name="Dimension">Numbers in the vector.</param>
public sealed record MbatFeatureSpec(FieldRef From, [Range(16, 1024)] int Dimension = 64) : NumbersFeatureSpec;
