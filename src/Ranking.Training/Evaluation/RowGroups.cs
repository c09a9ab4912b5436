namespace Ranking.Training.Evaluation;

/// <summary>Rows by group (a list, a user, a segment), in the order of the rows.</summary>
public sealed class RowGroups
{
    readonly int[] starts;
    readonly int[] rows;

    /// <summary>Sorts rows into groups by counting.</summary>
    /// <param name="groups">The group of each row, from 0; the greatest number decides how many groups there are.</param>
    public RowGroups(ReadOnlySpan<int> groups)
    {
        int count = 0;
        foreach (int group in groups) count = Math.Max(count, group + 1);
        starts = new int[count + 1];
        foreach (int group in groups) starts[group + 1]++;
        for (int g = 0; g < count; g++) starts[g + 1] += starts[g];
        rows = new int[groups.Length];
        int[] next = starts[..count];
        for (int row = 0; row < groups.Length; row++) rows[next[groups[row]]++] = row;
    }

    /// <summary>The number of groups, those without a row included.</summary>
    public int Count => starts.Length - 1;

    /// <summary>The rows of one group, ascending.</summary>
    public ReadOnlySpan<int> this[int group] => rows.AsSpan(starts[group], starts[group + 1] - starts[group]);
}
