namespace Ranking.Models.Tables;

/// <summary>Rows of floats in chunks of 256 KiB: growing copies nothing, and a row's numbers lie beside each other.</summary>
sealed class RowStore
{
    const int ChunkFloats = 1 << 16;
    readonly List<float[]> chunks = [];
    readonly int rowsLog;

    public RowStore(int stride)
    {
        Stride = stride;
        rowsLog = Math.Max(0, (int)Math.Log2(Math.Max(1, ChunkFloats / stride)));
    }

    /// <summary>Floats a row.</summary>
    public int Stride { get; }

    /// <summary>Bytes held.</summary>
    public long Bytes => (long)chunks.Count * (Stride * 4L << rowsLog);

    /// <summary>Rows a chunk.</summary>
    public int ChunkRows => 1 << rowsLog;

    /// <summary>The numbers of all rows, chunk by chunk.</summary>
    public IReadOnlyList<float[]> Chunks => chunks;

    /// <summary>A row's numbers.</summary>
    public Span<float> this[int row] => chunks[row >> rowsLog].AsSpan((row & ((1 << rowsLog) - 1)) * Stride, Stride);

    /// <summary>Makes room for rows 0 to <paramref name="row"/>.</summary>
    public void Grow(int row)
    {
        while (row >> rowsLog >= chunks.Count) chunks.Add(new float[Stride << rowsLog]);
    }
}
