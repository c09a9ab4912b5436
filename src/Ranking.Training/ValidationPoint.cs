using System.Text.Json.Serialization;

namespace Ranking.Training;

/// <summary>A validation during training.</summary>
/// <param name="Pass">How many passes were complete.</param>
/// <param name="Step">Batches learned from.</param>
/// <param name="Auc">AUC of the spec's first label; null where the examples define none.</param>
public sealed record ValidationPoint(
    [property: JsonPropertyName("pass")] int Pass,
    [property: JsonPropertyName("step")] long Step,
    [property: JsonPropertyName("auc")] double? Auc);

/// <summary>A point of the loss curve: the mean over some batches, each before it was learned from.</summary>
/// <param name="Samples">Examples learned from at its end.</param>
/// <param name="Loss">Mean training loss.</param>
public sealed record CurvePoint([property: JsonPropertyName("samples")] long Samples, [property: JsonPropertyName("loss")] double Loss);
