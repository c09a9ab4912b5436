using System.Text.Json.Serialization;

namespace Ranking.Training.Evaluation;

/// <summary>What <c>evaluate</c> prints.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="Labels">The metrics of each label.</param>
/// <param name="Segments">The metrics of each segment, by label: the segments with most rows; null where none were asked for.</param>
public sealed record EvaluationReport(
    [property: JsonPropertyName("rows")] int Rows,
    [property: JsonPropertyName("labels")] IReadOnlyDictionary<string, LabelMetrics> Labels,
    [property: JsonPropertyName("segments"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, LabelMetrics>>? Segments = null);
