using Ranking.Client;
using Ranking.Training;

namespace Ranking.Cli.Quickstart;

/// <summary>What a quickstart measured; the keys of <c>--json</c>.</summary>
internal sealed record QuickstartResult
{
    /// <summary>Source events that the pipeline used.</summary>
    public long Events { get; set; }

    /// <summary>Events per second while the log was replayed up to the instant of ranking, training beside it.</summary>
    public double EventsPerS { get; set; }

    /// <summary>Examples that the pipeline made.</summary>
    public long Examples { get; set; }

    /// <summary>Metrics by label.</summary>
    public Dictionary<string, QuickstartLabel> Labels { get; } = [];

    /// <summary>Training speed, samples per second.</summary>
    public double TrainSamplesPerS { get; set; }

    /// <summary>Median latency of a request of 200 candidates over HTTP, milliseconds.</summary>
    public double? RankP50Ms { get; set; }

    /// <summary>The 99th percentile of it.</summary>
    public double? RankP99Ms { get; set; }

    /// <summary>Mean NDCG@10 of the ranker's order on the last day's lists of two or more.</summary>
    public double? RankNdcg10 { get; set; }

    /// <summary>The same of the order in which they were shown.</summary>
    public double? ShownNdcg10 { get; set; }

    /// <summary>Bytes that rows and keys take in Redis.</summary>
    public long? RedisBytes { get; set; }

    /// <summary>The retrieval step: neighbours found, or why it was skipped.</summary>
    public string? Retrieval { get; set; }

    /// <summary>The model version.</summary>
    public string? Model { get; set; }

    /// <summary>Path of the HTML report.</summary>
    public string? Report { get; set; }

    /// <summary>Wall time of all of it, seconds.</summary>
    public double Seconds { get; set; }
}

/// <summary>Metrics of a label on what was not learned from.</summary>
/// <param name="Auc">Of the model.</param>
/// <param name="Gauc">Of the model by list; null where user aggregates move.</param>
/// <param name="BaselineAuc">Of the smoothed target mean.</param>
internal sealed record QuickstartLabel(double? Auc, double? Gauc, double? BaselineAuc);

/// <summary>What the report shows beside the result.</summary>
internal sealed record QuickstartDetails
{
    /// <summary>Lag of the pipeline over time: seconds since the start, seconds of event time between replay and watermark.</summary>
    public List<(double Seconds, double LagSeconds)> Lag { get; } = [];

    /// <summary>The training's loss.</summary>
    public IReadOnlyList<CurvePoint> Loss { get; set; } = [];

    /// <summary>Latencies of the requests, milliseconds.</summary>
    public double[] LatenciesMs { get; set; } = [];

    /// <summary>The evaluation of the model.</summary>
    public Training.Evaluation.EvaluationReport? Evaluation { get; set; }

    /// <summary>A ranked list with the documents of its items.</summary>
    public List<(RankedItem Item, int ShownAt, bool? Liked, string? Document)> Ranked { get; } = [];

    /// <summary>Neighbours of a document, the document itself first.</summary>
    public List<(string Id, double Similarity, string? Document)> Neighbours { get; } = [];
}
