namespace Ranking.Models.Tables;

/// <summary>The rows that a batch uses, in the order of their first sight, with the gradients that it gathers for them.</summary>
/// <param name="dim">Numbers of a row.</param>
sealed class RowGradients(int dim)
{
    readonly Dictionary<int, int> slotOfRow = [];
    readonly List<int> rows = [];
    float[] gradients = [];

    /// <summary>The rows, in the order of their first sight.</summary>
    public IReadOnlyList<int> Rows => rows;

    /// <summary>Whether the batch uses a row.</summary>
    public bool Holds(int row) => slotOfRow.ContainsKey(row);

    /// <summary>Begins another batch.</summary>
    public void Clear()
    {
        slotOfRow.Clear();
        rows.Clear();
    }

    /// <summary>The gradient of a row, [dim]; zero at its first use. Gone with the next row's first use.</summary>
    public Span<float> Of(int row)
    {
        if (!slotOfRow.TryGetValue(row, out int slot))
        {
            slot = rows.Count;
            slotOfRow.Add(row, slot);
            rows.Add(row);
            if (gradients.Length < (slot + 1) * dim) Array.Resize(ref gradients, Math.Max(1024, 2 * (slot + 1) * dim));
            gradients.AsSpan(slot * dim, dim).Clear();
        }
        return gradients.AsSpan(slot * dim, dim);
    }

    /// <summary>Sum of the squares of all gradients.</summary>
    public double SquaredNorm()
    {
        double sum = 0;
        foreach (float g in gradients.AsSpan(0, rows.Count * dim)) sum += (double)g * g;
        return sum;
    }
}
