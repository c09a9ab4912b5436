using System.Text.Json;
using MessagePack;
using Ranking.Features.Examples;

namespace Ranking.Serving.Ranking;

/// <summary>The names that every answer of a version repeats, encoded once.</summary>
internal sealed class AnswerLayout(string model, FeatureLayout features)
{
    public string Model => model;

    public FeatureLayout Features => features;

    public JsonEncodedText[] LabelsJson { get; } = [.. features.Labels.Select(l => JsonEncodedText.Encode(l))];

    public byte[][] LabelsMessagePack { get; } = [.. features.Labels.Select(l => MessagePackSerializer.Serialize(l))];

    public int Labels => LabelsJson.Length;
}
