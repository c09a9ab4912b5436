using System.Text.Json.Serialization;

namespace Ranking.Training.Evaluation;

/// <summary>All metrics of one label on one set of rows; null where the rows do not define one.</summary>
public sealed record LabelMetrics
{
    /// <summary>The number of rows.</summary>
    [JsonPropertyName("rows")] public required int Rows { get; init; }

    /// <summary>The number of positives.</summary>
    [JsonPropertyName("positives")] public required int Positives { get; init; }

    /// <summary>AUC over all rows.</summary>
    [JsonPropertyName("auc")] public double? Auc { get; init; }

    /// <summary>Lower end of AUC's 95 % interval (users resampled); null where it was not asked for.</summary>
    [JsonPropertyName("auc_low")] public double? AucLow { get; init; }

    /// <summary>Upper end of that interval.</summary>
    [JsonPropertyName("auc_high")] public double? AucHigh { get; init; }

    /// <summary>AUC within lists, averaged by rows; null with <see cref="GaucReason"/> where it would mislead.</summary>
    [JsonPropertyName("gauc")] public double? Gauc { get; init; }

    /// <summary>Why there is no GAUC.</summary>
    [JsonPropertyName("gauc_reason")] public string? GaucReason { get; init; }

    /// <summary>How many lists GAUC averages.</summary>
    [JsonPropertyName("gauc_lists")] public int GaucLists { get; init; }

    /// <summary>Log loss in nats; this and the following are null for scores that are no probabilities.</summary>
    [JsonPropertyName("logloss")] public double? LogLoss { get; init; }

    /// <summary>Normalised entropy.</summary>
    [JsonPropertyName("ne")] public double? NormalisedEntropy { get; init; }

    /// <summary>Expected calibration error, 10 bins of equal width.</summary>
    [JsonPropertyName("ece")] public double? Ece { get; init; }

    /// <summary>Sum of scores over number of positives.</summary>
    [JsonPropertyName("calibration")] public double? Calibration { get; init; }

    /// <summary>NDCG@10 by list.</summary>
    [JsonPropertyName("ndcg10")] public double? Ndcg10 { get; init; }

    /// <summary>How many lists NDCG averages.</summary>
    [JsonPropertyName("ndcg_lists")] public int NdcgLists { get; init; }

    /// <summary>The reliability curve, 10 bins of equal width.</summary>
    [JsonPropertyName("reliability")] public IReadOnlyList<ReliabilityBin>? Reliability { get; init; }
}
