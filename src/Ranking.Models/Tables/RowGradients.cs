using System.Runtime.InteropServices;

namespace Ranking.Models.Tables;

/// <summary>The rows that a batch uses, in the order of their first sight, with the gradients that it gathers for them.</summary>
/// <param name="dim">Numbers of a row.</param>
sealed class RowGradients(int dim)
{
    readonly List<int> rows = [];
    // Batch · 2³² + slot; what another batch left is empty, so beginning one costs nothing.
    ulong[] places = new ulong[64];
    uint batch = 1;
    float[] gradients = [];
    int cleared;

    /// <summary>The rows, in the order of their first sight: row i has slot i.</summary>
    public ReadOnlySpan<int> Rows => CollectionsMarshal.AsSpan(rows);

    /// <summary><see cref="Rows"/>, for who keeps them while more come.</summary>
    public IReadOnlyList<int> RowList => rows;

    /// <summary>Whether the batch uses a row.</summary>
    public bool Holds(int row) => (uint)(places[PlaceOf(row)] >> 32) == batch;

    /// <summary>Begins another batch.</summary>
    public void Clear()
    {
        rows.Clear();
        cleared = 0;
        if (++batch != 0) return;
        Array.Clear(places);
        batch = 1;
    }

    /// <summary>A row's place in <see cref="Rows"/>; a row that the batch did not use yet is added.</summary>
    public int SlotOf(int row)
    {
        int place = PlaceOf(row);
        if ((uint)(places[place] >> 32) == batch) return (int)(uint)places[place];
        int slot = rows.Count;
        rows.Add(row);
        places[place] = (ulong)batch << 32 | (uint)slot;
        if (rows.Count * 2 > places.Length) Grow();
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

    /// <summary>Where a row is, or would be.</summary>
    int PlaceOf(int row)
    {
        ulong[] places = this.places;
        ReadOnlySpan<int> rows = Rows;
        int mask = places.Length - 1, place = (int)((uint)row * 0x9E3779B1 >> 7) & mask;
        while ((uint)(places[place] >> 32) == batch && rows[(int)(uint)places[place]] != row) place = (place + 1) & mask;
        return place;
    }

    void Grow()
    {
        places = new ulong[places.Length * 2];
        for (int slot = 0; slot < rows.Count; slot++) places[PlaceOf(rows[slot])] = (ulong)batch << 32 | (uint)slot;
    }
}
