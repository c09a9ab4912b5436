namespace Ranking.Training.Evaluation;

/// <summary>Rows in ascending order of score, with equal scores as one group: sorted once, used by every metric of ranks.</summary>
public sealed class ScoreOrder
{
    ScoreOrder(int[] rows, int[] groupEnds)
    {
        Rows = rows;
        GroupEnds = groupEnds;
    }

    /// <summary>Row numbers, lowest score first.</summary>
    public int[] Rows { get; }

    /// <summary>For each group of equal scores the position in <see cref="Rows"/> after its last row, ascending.</summary>
    public int[] GroupEnds { get; }

    /// <summary>Sorts the rows.</summary>
    /// <param name="scores">One score a row; −0 and +0 are equal, infinities are allowed.</param>
    /// <exception cref="ArgumentException">A score is not a number.</exception>
    public static ScoreOrder Of(ReadOnlySpan<double> scores)
    {
        int[] rows = new int[scores.Length];
        double[] sorted = scores.ToArray();
        for (int i = 0; i < rows.Length; i++)
        {
            if (double.IsNaN(sorted[i])) throw new ArgumentException($"The score of row {i} is NaN; a model's scores must be numbers.", nameof(scores));
            rows[i] = i;
        }
        Array.Sort(sorted, rows);
        List<int> ends = [];
        for (int i = 1; i <= sorted.Length; i++)
            if (i == sorted.Length || sorted[i] != sorted[i - 1]) ends.Add(i);
        return new ScoreOrder(rows, [.. ends]);
    }
}
