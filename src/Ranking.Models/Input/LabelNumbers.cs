using Ranking.Features.Examples;

namespace Ranking.Models.Input;

/// <summary>Labels of a batch and what they weigh, row-major [B, K].</summary>
/// <param name="Labels">0 or 1; 0 where it is unknown.</param>
/// <param name="Weights">0 where a label is unknown; null: all 1.</param>
readonly record struct LabelNumbers(float[] Labels, float[]? Weights)
{
    /// <summary>Reads the labels of examples.</summary>
    /// <param name="examples">NaN is unknown.</param>
    /// <param name="taskWeights">One a label.</param>
    /// <exception cref="ArgumentException">An example has another number of labels.</exception>
    public static LabelNumbers Of(IReadOnlyList<Example> examples, float[] taskWeights)
    {
        int tasks = taskWeights.Length;
        float[] labels = new float[examples.Count * tasks], weights = new float[labels.Length];
        bool even = true;
        for (int b = 0; b < examples.Count; b++)
        {
            float[] own = examples[b].Labels;
            if (own.Length != tasks) throw new ArgumentException($"example {b}: found {own.Length} labels, expected {tasks}");
            for (int k = 0; k < tasks; k++)
            {
                bool known = !float.IsNaN(own[k]);
                labels[b * tasks + k] = known ? own[k] : 0;
                weights[b * tasks + k] = known ? taskWeights[k] : 0;
                even &= known && taskWeights[k] == 1;
            }
        }
        return new LabelNumbers(labels, even ? null : weights);
    }
}
