using Ranking.Features.Examples;

namespace Ranking.Models.Trees;

/// <summary>Examples as rows for trees, list after list.</summary>
sealed class TreeExamples
{
    readonly int tasks;

    TreeExamples(TreeRows rows, int tasks, float[] data, float[] labels, int[] lists) => (Rows, this.tasks, Data, Labels, Lists) = (rows, tasks, data, labels, lists);

    /// <summary>How rows are made.</summary>
    public TreeRows Rows { get; }

    /// <summary>Row-major.</summary>
    public float[] Data { get; }

    /// <summary>Row-major [examples, tasks]; NaN where unknown.</summary>
    public float[] Labels { get; }

    /// <summary>How many rows, one after another, each list has.</summary>
    public int[] Lists { get; }

    /// <summary>How many examples there are.</summary>
    public int Count => Labels.Length / tasks;

    /// <summary>Reads examples; within a list they keep their order, lists come by their first example.</summary>
    public static TreeExamples Of(TreeRows rows, int tasks, IEnumerable<Example> examples)
    {
        List<float[]> data = [], labels = [];
        List<int> listOf = [];
        Dictionary<string, int> lists = new(StringComparer.Ordinal);
        foreach (Example example in examples)
        {
            float[] row = new float[rows.Width];
            rows.Fill(example.Features, row);
            data.Add(row);
            labels.Add(example.Labels);
            if (!lists.TryGetValue(example.ListKey, out int list)) lists.Add(example.ListKey, list = lists.Count);
            listOf.Add(list);
        }
        int[] lengths = new int[lists.Count];
        foreach (int list in listOf) lengths[list]++;
        int[] next = new int[lists.Count];
        for (int list = 1; list < next.Length; list++) next[list] = next[list - 1] + lengths[list - 1];
        float[] ordered = new float[checked(data.Count * rows.Width)], orderedLabels = new float[data.Count * tasks];
        for (int i = 0; i < data.Count; i++)
        {
            int place = next[listOf[i]]++;
            data[i].CopyTo(ordered, place * rows.Width);
            labels[i].CopyTo(orderedLabels, place * tasks);
        }
        return new TreeExamples(rows, tasks, ordered, orderedLabels, lengths);
    }

    /// <summary>A task's labels and weights; an unknown label weighs nothing.</summary>
    public (float[] Labels, float[] Weights) Of(int task)
    {
        float[] labels = new float[Count], weights = new float[Count];
        for (int i = 0; i < labels.Length; i++)
        {
            float label = Labels[i * tasks + task];
            (labels[i], weights[i]) = float.IsNaN(label) ? (0, 0) : (label, 1);
        }
        return (labels, weights);
    }
}
