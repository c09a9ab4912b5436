using System.Runtime.InteropServices;

namespace Ranking.Training.Evaluation;

/// <summary>Examples with what a model said of them: the columns that every metric reads. Filled by one thread.</summary>
/// <param name="labels">The names of the labels, in the order of the columns.</param>
public sealed class ScoredRows(IReadOnlyList<string> labels)
{
    readonly List<float>[] labelColumns = [.. labels.Select(_ => new List<float>())];
    readonly List<double>[] scoreColumns = [.. labels.Select(_ => new List<double>())];
    readonly List<double> weights = [];
    readonly Names users = new(), lists = new(), segments = new();

    /// <summary>The names of the labels.</summary>
    public IReadOnlyList<string> LabelNames => labels;

    /// <summary>The number of rows.</summary>
    public int Count => users.Rows.Count;

    /// <summary>Appends a row.</summary>
    /// <param name="user">The user: clusters of tests and intervals.</param>
    /// <param name="list">The list that the row was shown in: GAUC and NDCG compare within it.</param>
    /// <param name="label">One value a label; positive if above zero.</param>
    /// <param name="score">One score a label.</param>
    /// <param name="segment">The segment that the row is also reported under.</param>
    /// <param name="weight">How many rows it stands for: of a sample of negatives each one stands for those that were dropped.</param>
    /// <exception cref="ArgumentException">A span has another length than there are labels, or a value is not a number.</exception>
    public void Add(string user, string list, ReadOnlySpan<float> label, ReadOnlySpan<double> score, string segment = "", double weight = 1)
    {
        if (label.Length != labels.Count || score.Length != labels.Count)
            throw new ArgumentException($"Row {Count} has {label.Length} labels and {score.Length} scores; expected {labels.Count} of each.");
        for (int i = 0; i < labels.Count; i++)
        {
            if (float.IsNaN(label[i])) throw new ArgumentException($"Label '{labels[i]}' of row {Count} is NaN.", nameof(label));
            if (double.IsNaN(score[i])) throw new ArgumentException($"The score for '{labels[i]}' of row {Count} is NaN: the model has diverged.", nameof(score));
        }
        for (int i = 0; i < labels.Count; i++)
        {
            labelColumns[i].Add(label[i]);
            scoreColumns[i].Add(score[i]);
        }
        if (weight != 1) IsWeighted = true;
        weights.Add(weight);
        users.Add(user);
        lists.Add(list);
        segments.Add(segment);
    }

    /// <summary>The values of one label, a row each.</summary>
    public ReadOnlySpan<float> Labels(int label) => CollectionsMarshal.AsSpan(labelColumns[label]);

    /// <summary>The scores for one label, a row each.</summary>
    public ReadOnlySpan<double> Scores(int label) => CollectionsMarshal.AsSpan(scoreColumns[label]);

    /// <summary>Whether any row has another weight than 1.</summary>
    public bool IsWeighted { get; private set; }

    /// <summary>The rows' weights.</summary>
    public ReadOnlySpan<double> Weights => CollectionsMarshal.AsSpan(weights);

    /// <summary>The number of each row's user.</summary>
    public ReadOnlySpan<int> Users => CollectionsMarshal.AsSpan(users.Rows);

    /// <summary>The number of each row's list.</summary>
    public ReadOnlySpan<int> Lists => CollectionsMarshal.AsSpan(lists.Rows);

    /// <summary>The number of each row's segment.</summary>
    public ReadOnlySpan<int> Segments => CollectionsMarshal.AsSpan(segments.Rows);

    /// <summary>The names of the segments by number.</summary>
    public IReadOnlyList<string> SegmentNames => segments.Known;

    /// <summary>The same columns with some of the rows.</summary>
    /// <param name="rows">Which rows, in the order wanted.</param>
    public ScoredRows Take(ReadOnlySpan<int> rows)
    {
        ScoredRows taken = new(labels);
        float[] label = new float[labels.Count];
        double[] score = new double[labels.Count];
        foreach (int row in rows)
        {
            for (int i = 0; i < labels.Count; i++) (label[i], score[i]) = (labelColumns[i][row], scoreColumns[i][row]);
            taken.Add(users.Of(row), lists.Of(row), label, score, segments.Of(row), weights[row]);
        }
        return taken;
    }

    sealed class Names
    {
        readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

        public List<int> Rows { get; } = [];

        public List<string> Known { get; } = [];

        public string Of(int row) => Known[Rows[row]];

        public void Add(string name)
        {
            if (!numbers.TryGetValue(name, out int number))
            {
                numbers.Add(name, number = Known.Count);
                Known.Add(name);
            }
            Rows.Add(number);
        }
    }
}
