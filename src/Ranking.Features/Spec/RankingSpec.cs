using System.ComponentModel.DataAnnotations;

namespace Ranking.Features.Spec;

/// <summary>What a ranking problem is: one file, <c>spec.yaml</c>, that pipeline, trainer and ranker read.</summary>
public sealed record RankingSpec
{
    /// <summary>The number of this format; 1.</summary>
    [Range(1, 1)]
    public required int Version { get; init; }

    /// <summary>Name of the problem and the default namespace of its topics, groups and keys: lower-case letters, digits, - and _.</summary>
    public required string Name { get; init; }

    /// <summary>Offset of the zone whose days and hours count, such as +08:00; UTC by default.</summary>
    [UtcOffset]
    public TimeSpan TimeZone { get; init; }

    /// <summary>Allowed lateness: how far behind the greatest time of its topic-partition an event may arrive; 10 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Lateness { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How old features are when an impression is shown: they are cut at its time less this; 60 s by default. Choose it above lateness and lag.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The SQL files beside the spec that turn raw logs into events.</summary>
    public required SourcesSpec Sources { get; init; }

    /// <summary>How JSON records of the source topics name their fields, where other people's producers write them.</summary>
    public JsonSpec? Json { get; init; }

    /// <summary>Fields of an impression beside its ids: a request's context or a candidate's features give them when serving.</summary>
    [Length(0, 200)]
    public OrderedDictionary<string, ContextFieldSpec> Context { get; init; } = [];

    /// <summary>Kinds of feedback that events may have. The labels' kinds are always among them.</summary>
    [Length(0, 100)]
    public IReadOnlyList<string> Feedback { get; init; } = [];

    /// <summary>Documents by kind of entity (user, item, or a context field of type id) and how long they live.</summary>
    public OrderedDictionary<string, EntitySpec> Entities { get; init; } = [];

    /// <summary>What is predicted, in order; the first one is the default score.</summary>
    [Length(1, 32)]
    public required OrderedDictionary<string, LabelSpec> Labels { get; init; }

    /// <summary>What makes a list for NDCG and GAUC: user, day, request_id or context fields; the request by default.</summary>
    [Length(1, 8)]
    public IReadOnlyList<string> List { get; init; } = ["request_id"];

    /// <summary>Which share of examples without any label is kept; all by default.</summary>
    public NegativesSpec Negatives { get; init; } = new();

    /// <summary>Keys of the smoothed target mean that a model is measured against; user and item by default.</summary>
    [Length(1, 8)]
    public IReadOnlyList<FieldRef> Baseline { get; init; } = [new("user"), new("item")];

    /// <summary>Settings of ID tables by name; <c>default</c> holds for tables that are not named here.</summary>
    public OrderedDictionary<string, TableSpec> Tables { get; init; } = [];

    /// <summary>What the model sees, by name.</summary>
    [Length(1, 1000)]
    public required OrderedDictionary<string, FeatureSpec> Features { get; init; }

    /// <summary>Features by meaning; each group becomes one token of the model.</summary>
    [Length(1, 256)]
    public required OrderedDictionary<string, GroupSpec> Groups { get; init; }

    /// <summary>How documents become vectors for retrieval and for <c>mbat</c> features.</summary>
    public MbatSpec Mbat { get; init; } = new();

    /// <summary>The model's settings.</summary>
    public ModelSpec Model { get; init; } = new();

    /// <summary>The training's settings.</summary>
    public TrainingSpec Training { get; init; } = new();

    /// <summary>The longest label window: how long an impression waits for feedback.</summary>
    public TimeSpan LabelWindow => Labels.Values.Max(l => l.Window);

    /// <summary>
    /// SHA-256 (hexadecimal) of what decides the contents of examples: events, labels, negatives, features, groups; not of tables,
    /// model and training. Computed at each call.
    /// </summary>
    public string FeatureHash => Writing.SpecHashes.FeatureHash(this);

    /// <summary>SHA-256 (hexadecimal) of the whole spec, defaults and overrides included; how the file is laid out does not count. Computed at each call.</summary>
    public string SpecHash => Writing.SpecHashes.SpecHash(this);

    /// <summary>All kinds of feedback, the labels' kinds first, then the others, each once.</summary>
    public IReadOnlyList<string> FeedbackKinds => [.. Labels.Values.Select(l => l.Feedback).Concat(Feedback).Distinct()];
}

/// <summary>The SQL files, relative to the spec's folder, that DuckDB runs over the raw logs.</summary>
/// <param name="Impressions">Yields time, request_id, user, item, position (may be null) and the context fields.</param>
/// <param name="Feedback">Yields time, request_id (may be null), user, item, kind and value (may be null: 1).</param>
/// <param name="Entities">By kind of entity: yields time, id and doc (JSON text; null deletes).</param>
public sealed record SourcesSpec(string Impressions, string? Feedback = null, OrderedDictionary<string, string>? Entities = null)
{
    /// <summary>By kind of entity: the SQL file.</summary>
    public OrderedDictionary<string, string> Entities { get; init; } = Entities ?? [];
}

/// <summary>A label: whether feedback of a kind comes within a window of the impression.</summary>
/// <param name="Feedback">Kind of feedback.</param>
/// <param name="Window">Feedback at or after the impression's time plus this labels nothing.</param>
/// <param name="Weight">Weight of the task in the loss.</param>
public sealed record LabelSpec(string Feedback, [Range(typeof(TimeSpan), "00:00:00.001", "30.00:00:00")] TimeSpan Window, [Range(0.0, 1000.0)] double Weight = 1);

/// <summary>A field of the impression's context.</summary>
/// <param name="Type">What its values are.</param>
/// <param name="Per">Whether one value holds for a whole request or each candidate has its own.</param>
public sealed record ContextFieldSpec(FieldType Type, ContextScope Per = ContextScope.Request);

/// <summary>What the values of a field are.</summary>
public enum FieldType
{
    /// <summary>An id: text, or an integer that becomes its decimal text.</summary>
    Id,
    /// <summary>A finite number.</summary>
    Number,
    /// <summary>A list of ids.</summary>
    Ids,
}

/// <summary>Who gives a context field when serving.</summary>
public enum ContextScope
{
    /// <summary>The request's context: one value for all candidates.</summary>
    Request,
    /// <summary>The candidate's features.</summary>
    Candidate,
}

/// <summary>A kind of entity that has documents.</summary>
/// <param name="Ttl">Deleted when no event of it came for so long, in event time; never by default.</param>
public sealed record EntitySpec([Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")] TimeSpan? Ttl = null);

/// <summary>Sampling of examples without any positive label.</summary>
/// <param name="Keep">Share that is kept; predictions p become p / (p + (1 − p) / keep).</param>
public sealed record NegativesSpec([Range(0.0, 1.0, MinimumIsExclusive = true)] double Keep = 1);

/// <summary>Features that become one token.</summary>
/// <param name="Features">Names of features, in order.</param>
/// <param name="Side">When the token can be computed: user once a request, item ahead of any request (static), request for each candidate.</param>
public sealed record GroupSpec([Length(1, 1000)] IReadOnlyList<string> Features, Side Side = Side.Request);

/// <summary>When a group's token can be computed.</summary>
public enum Side
{
    /// <summary>Once a request: nothing in it depends on the candidate.</summary>
    User,
    /// <summary>Ahead of any request and cacheable: static features of the item.</summary>
    Item,
    /// <summary>For each candidate of each request.</summary>
    Request,
}

/// <summary>Settings of an ID table.</summary>
/// <param name="Dimension">Width of an embedding.</param>
/// <param name="Admission">How often an id must be seen before it gets a row of its own.</param>
/// <param name="Ttl">A row that was not seen for so long, in event time, is dropped; never by default.</param>
/// <param name="Rows">Row budget; beyond it rows are evicted.</param>
public sealed record TableSpec(
    [Range(1, 4096)] int Dimension = 8,
    [Range(1, 1_000_000)] int Admission = 1,
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")] TimeSpan? Ttl = null,
    [Range(1, int.MaxValue)] int Rows = 10_000_000);
