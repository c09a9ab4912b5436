using System.Text.Json;
using Ranking.Training.Evaluation;

namespace Ranking.Training.Tests.Evaluation;

public class GoldenMetricsTests
{
    [Fact]
    public void Every_reference_case_agrees_to_1e_9()
    {
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Golden.FileOrSkip("metrics.json")));
        int compared = 0;
        foreach (JsonElement one in cases.RootElement.EnumerateArray())
        {
            float[] label = [.. one.GetProperty("label").EnumerateArray().Select(v => v.GetSingle())];
            double[] score = [.. one.GetProperty("score").EnumerateArray().Select(v => v.GetDouble())];
            double[] weight = [.. one.GetProperty("weight").EnumerateArray().Select(v => v.GetDouble())];
            ScoredRows rows = new(["y"]);
            int i = 0;
            foreach (JsonElement user in one.GetProperty("user").EnumerateArray())
            {
                string name = user.GetRawText();
                rows.Add(name, name, [label[i]], [score[i]]);
                i++;
            }
            LabelMetrics metrics = Evaluator.Evaluate(rows).Labels["y"];
            foreach (JsonProperty expected in one.GetProperty("expect").EnumerateObject())
            {
                double? found = expected.Name switch
                {
                    "auc" => metrics.Auc,
                    "auc_weighted" => AreaUnderCurve.Of(label, score, weight),
                    "logloss" => metrics.LogLoss,
                    "normalized_entropy" => metrics.NormalisedEntropy,
                    "gauc_weighted_by_rows" => metrics.Gauc,
                    "gauc_users" => metrics.GaucLists,
                    "ece_10_equal_width" => metrics.Ece,
                    "calibration_sum_score_over_sum_label" => metrics.Calibration,
                    _ => throw new InvalidDataException($"unknown expectation {expected.Name}"),
                };
                Assert.True(Math.Abs(found!.Value - expected.Value.GetDouble()) <= 1e-9, $"{one.GetProperty("name")}.{expected.Name}: {found} instead of {expected.Value}");
                compared++;
            }
        }
        Assert.True(compared > 0);
    }
}
