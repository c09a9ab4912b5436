using Ranking.Models.Tables;

namespace Ranking.Models.Cuda;

/// <summary>The numbers of ID tables on a card, row for row where the tables have theirs in main memory; ids, counts and times stay there.</summary>
/// <remarks>Chunks of 4 MB, so that growing moves nothing that a kernel may be reading.</remarks>
sealed unsafe class CardTables : IDisposable
{
    const int HostChunksLog = 4; // of 256 KiB
    readonly Dictionary<IdTable, (List<ulong> Chunks, ulong Special)> places = [];

    /// <summary>Copies the tables to the card that the thread uses.</summary>
    /// <exception cref="CudaException">The card's memory is too small.</exception>
    public CardTables(IEnumerable<IdTable> tables)
    {
        foreach (IdTable table in tables)
        {
            places.Add(table, ([], Allocate(2L * table.Special.Stride * sizeof(float))));
            Grow(table);
            Copy(table, toCard: true);
        }
    }

    /// <summary>Where a table's rows are.</summary>
    public (IReadOnlyList<ulong> Chunks, int RowsLog, ulong Special) PlaceOf(IdTable table) => (places[table].Chunks, RowsLog(table), places[table].Special);

    /// <summary>Makes room for every row that the tables have room for.</summary>
    /// <exception cref="CudaException">The card's memory is too small.</exception>
    public void Grow()
    {
        foreach (IdTable table in places.Keys) Grow(table);
    }

    /// <summary>Copies the rows back into the tables.</summary>
    public void Fetch()
    {
        foreach (IdTable table in places.Keys) Copy(table, toCard: false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((List<ulong> chunks, ulong special) in places.Values)
            foreach (ulong address in (ulong[])[special, .. chunks]) _ = Driver.cuMemFree_v2(address);
        places.Clear();
    }

    static int RowsLog(IdTable table) => (int)Math.Log2(table.Store.ChunkRows) + HostChunksLog;

    static long ChunkBytes(IdTable table) => (long)table.Store.Stride * table.Store.ChunkRows * sizeof(float);

    void Grow(IdTable table)
    {
        List<ulong> chunks = places[table].Chunks;
        while (chunks.Count << HostChunksLog < table.Store.ChunkCount) chunks.Add(Allocate(ChunkBytes(table) << HostChunksLog));
    }

    void Copy(IdTable table, bool toCard)
    {
        (List<ulong> chunks, ulong special) = places[table];
        for (int i = 0; i < table.Store.ChunkCount; i++)
            Copy(table.Store.Chunk(i), chunks[i >> HostChunksLog] + (ulong)((i & ((1 << HostChunksLog) - 1)) * ChunkBytes(table)), toCard);
        for (int row = 0; row < 2; row++) Copy(table.Special[row], special + (ulong)(row * table.Special.Stride * sizeof(float)), toCard);
    }

    static void Copy(Span<float> here, ulong there, bool toCard)
    {
        nuint bytes = (nuint)here.Length * sizeof(float);
        fixed (float* h = here)
            Driver.Check(toCard ? Driver.cuMemcpyHtoD_v2(there, h, bytes) : Driver.cuMemcpyDtoH_v2(h, there, bytes), "copying rows of an ID table");
    }

    ulong Allocate(long bytes)
    {
        if (Driver.cuMemAlloc_v2(out ulong address, (nuint)bytes) == 0) return address;
        Driver.Check(Driver.cuMemGetInfo_v2(out nuint free, out nuint total), "cuMemGetInfo");
        throw new CudaException(FormattableString.Invariant(
            $"out of GPU memory: the ID tables hold {places.Sum(p => (p.Value.Chunks.Count * ChunkBytes(p.Key)) << HostChunksLog) / 1e9:0.0} GB and need more; {free / 1e9:0.0} of {total / 1e9:0.0} GB are free. Use a smaller batch or model, or fewer rows a table"));
    }
}
