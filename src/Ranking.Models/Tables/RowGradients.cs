using System.Runtime.InteropServices;

namespace Ranking.Models.Tables;

/// <summary>The rows that a batch uses, in the order of their first sight, with the gradients that it gathers for them.</summary>
/// <param name="dim">Numbers of a row.</param>
sealed class RowGradients(int dim)
{
    readonly Dictionary<int, int> slotOfRow = [];
    readonly List<int> rows = [];
    float[] gradients = [];
    int cleared;

    /// <summary>The rows, in the order of their first sight.</summary>
    public IReadOnlyList<int> Rows => rows;

    /// <summary>Whether the batch uses a row.</summary>
    public bool Holds(int row) => slotOfRow.ContainsKey(row);

    /// <summary>Begins another batch.</summary>
    public void Clear()
    {
        slotOfRow.Clear();
        rows.Clear();
        cleared = 0;
    }

    /// <summary>A row's place in <see cref="Rows"/>; a row that the batch did not use yet is added.</summary>
    public int SlotOf(int row)
    {
        ref int slot = ref CollectionsMarshal.GetValueRefOrAddDefault(slotOfRow, row, out bool known);
        if (!known)
        {
            slot = rows.Count;
            rows.Add(row);
        }
        return slot;
    }

    /// <summary>The gradient of a row, [dim]; zero at its first use. Gone with the next call.</summary>
    public Span<float> Of(int row)
    {
        int slot = SlotOf(row), end = rows.Count * dim;
        if (gradients.Length < end) Array.Resize(ref gradients, Math.Max(1024, 2 * end));
        // Rows may have been added without a gradient since the last call; theirs begins at zero too.
        if (cleared < end) gradients.AsSpan(cleared..end).Clear();
        cleared = Math.Max(cleared, end);
        return gradients.AsSpan(slot * dim, dim);
    }

    /// <summary>Sum of the squares of all gradients.</summary>
    public double SquaredNorm()
    {
        double sum = 0;
        foreach (float g in gradients.AsSpan(0, cleared)) sum += (double)g * g;
        return sum;
    }
}
