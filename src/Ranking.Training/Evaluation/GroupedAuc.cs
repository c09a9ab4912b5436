namespace Ranking.Training.Evaluation;

/// <summary>
/// GAUC: AUC within each list, averaged by the lists' numbers of rows, over the lists that hold both a positive and a negative.
/// </summary>
/// <param name="Value">The average; null where no list holds both.</param>
/// <param name="Lists">The number of lists that count.</param>
/// <param name="Rows">The number of their rows.</param>
public readonly record struct GroupedAuc(double? Value, int Lists, long Rows)
{
    /// <summary>Computes it.</summary>
    /// <param name="labels">One label a row: positive if above zero.</param>
    /// <param name="scores">One score a row.</param>
    /// <param name="lists">The rows of each list.</param>
    public static GroupedAuc Of(ReadOnlySpan<float> labels, ReadOnlySpan<double> scores, RowGroups lists)
    {
        double sum = 0;
        long rowsThatCount = 0;
        int listsThatCount = 0;
        List<float> label = [];
        List<double> score = [];
        for (int list = 0; list < lists.Count; list++)
        {
            label.Clear();
            score.Clear();
            foreach (int row in lists[list])
            {
                label.Add(labels[row]);
                score.Add(scores[row]);
            }
            if (AreaUnderCurve.Of([.. label], [.. score]) is not { } auc) continue;
            sum += auc * label.Count;
            rowsThatCount += label.Count;
            listsThatCount++;
        }
        return new GroupedAuc(listsThatCount == 0 ? null : sum / rowsThatCount, listsThatCount, rowsThatCount);
    }
}
