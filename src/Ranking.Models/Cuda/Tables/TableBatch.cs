using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Ranking.Features.Examples;
using Ranking.Models.Input;
using Ranking.Models.Tables;

namespace Ranking.Models.Cuda;

/// <summary>
/// One batch as the kernels of tables.cu read it: 32-bit words in one array, which begins with a <see cref="TableWork"/> a table and a
/// <see cref="ColumnWork"/> a column. Tables are independent of one another, so each resolves its ids on a thread of its own.
/// </summary>
/// <remarks>Reused from batch to batch. Nothing here needs a card.</remarks>
sealed class TableBatch
{
    const int TableWords = 18, ColumnWords = 8;
    readonly InputPlan plan;
    readonly TablePart[] tables;
    readonly InputColumn[] numbers;
    float[][] numbersOfColumn = [];
    int[] words = [];
    int at;

    public TableBatch(InputPlan plan, IEnumerable<IdTable> tables)
    {
        this.plan = plan;
        this.tables = [.. tables.Select(t => new TablePart(t, [.. plan.Columns.Where(c => c.Table == t)]))];
        foreach (TablePart part in this.tables) part.Table.RecordsAdmitted = true;
        numbers = [.. plan.Columns.Where(c => c.Table is null)];
    }

    /// <summary>Examples of the batch.</summary>
    public int Examples { get; private set; }

    /// <summary>Its labels.</summary>
    public LabelNumbers Labels { get; private set; }

    /// <summary>What goes to the card.</summary>
    public ReadOnlySpan<int> Words => words.AsSpan(0, at);

    /// <summary>Where labels lie among the words, then weights, if there are any.</summary>
    public int LabelsAt { get; private set; }

    /// <summary>Floats that the kernels need for the rows' gradients.</summary>
    public int GradientFloats { get; private set; }

    /// <summary>Floats that the kernels need for partial sums.</summary>
    public int PartialFloats { get; private set; }

    /// <summary>Looks the ids up, in every table at once: sights count, ids are admitted and evicted.</summary>
    /// <exception cref="ArgumentException">An example does not fit the layout.</exception>
    public void Resolve(IReadOnlyList<Example> examples, float[] taskWeights)
    {
        Examples = examples.Count;
        long latest = examples.Max(e => e.TimeMs);
        try
        {
            Parallel.For(0, tables.Length + 1, i =>
            {
                if (i < tables.Length) tables[i].Resolve(examples, latest, plan.Shape.Width);
                else numbersOfColumn = [.. numbers.Select(c => Numbers(c, examples))];
            });
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]);
        }
        Labels = LabelNumbers.Of(examples, taskWeights);
    }

    /// <summary>Writes the words. Addresses are the card's, of tables that have room for every admitted row.</summary>
    /// <param name="placeOf">Of a table: its chunks' addresses, how many rows a chunk holds (as a power of two), and where its special rows are.</param>
    public void Write(Func<IdTable, (IReadOnlyList<ulong> Chunks, int RowsLog, ulong Special)> placeOf)
    {
        at = 0;
        GradientFloats = PartialFloats = 0;
        _ = Take(tables.Length * TableWords + plan.Columns.Count * ColumnWords);
        Dictionary<InputColumn, ColumnWork> columns = [];
        for (int t = 0; t < tables.Length; t++)
        {
            TablePart part = tables[t];
            (IReadOnlyList<ulong> chunks, int rowsLog, ulong special) = placeOf(part.Table);
            if ((at & 1) != 0) _ = Take(1); // addresses take two words, at an even place
            int dim = part.Table.Settings.Dim, chunksAt = at;
            foreach (ulong chunk in chunks) Put(MemoryMarshal.Cast<ulong, int>([chunk]));
            int[] starts = [.. part.SegmentStarts()];
            TableWork work = new()
            {
                Special = special,
                Chunks = chunksAt,
                RowsLog = rowsLog,
                Dim = dim,
                Slots = part.Table.BatchRows.Count,
                Rows = Put(part.Table.BatchRows),
                FirstSegment = Put(part.FirstSegment),
                Segments = starts.Length - 1,
                SegmentStarts = Put(starts),
                Entries = Put(part.Entries),
                Admitted = part.Table.Admitted.Count,
                AdmittedRows = Put(part.Table.Admitted),
                Partial = PartialFloats,
                Gradient = GradientFloats,
            };
            work.AdmittedNumbers = at;
            foreach (int row in part.Table.Admitted) Put(MemoryMarshal.Cast<float, int>(part.Table.Row(row)));
            PartialFloats = checked(PartialFloats + work.Segments * dim);
            GradientFloats = checked(GradientFloats + work.Slots * dim);
            Set(t * TableWords, work);
            foreach ((InputColumn column, List<int> members, List<int> ends) in part.Columns)
                columns.Add(column, new ColumnWork { Table = t, Width = column.Width, Members = Put(members), Ends = Put(ends) });
        }
        for (int c = 0; c < numbers.Length; c++)
            columns.Add(numbers[c], new ColumnWork { Table = -1, Width = numbers[c].Width, Members = Put(MemoryMarshal.Cast<float, int>(numbersOfColumn[c])) });
        for (int c = 0; c < plan.Columns.Count; c++)
        {
            InputColumn column = plan.Columns[c];
            Set(tables.Length * TableWords + c * ColumnWords, columns[column] with { Offsets = Put(column.Offsets), OffsetCount = column.Offsets.Count });
        }
        LabelsAt = Put(MemoryMarshal.Cast<float, int>(Labels.Labels));
        if (Labels.Weights is { } weights) Put(MemoryMarshal.Cast<float, int>(weights));
    }

    float[] Numbers(InputColumn column, IReadOnlyList<Example> examples)
    {
        float[] all = new float[examples.Count * column.Width];
        for (int b = 0; b < examples.Count; b++) column.CopyNumbers(examples[b].Features, all.AsSpan(b * column.Width));
        return all;
    }

    void Set<T>(int place, T work) where T : unmanaged =>
        MemoryMarshal.Write(MemoryMarshal.AsBytes(words.AsSpan(place, Unsafe.SizeOf<T>() / 4)), work);

    int Put(IReadOnlyList<int> values)
    {
        int start = Take(values.Count);
        for (int i = 0; i < values.Count; i++) words[start + i] = values[i];
        return start;
    }

    int Put(List<int> values) => Put(CollectionsMarshal.AsSpan(values));

    int Put(ReadOnlySpan<int> values)
    {
        int start = Take(values.Length);
        values.CopyTo(words.AsSpan(start));
        return start;
    }

    int Take(int count)
    {
        int start = at;
        at = checked(at + count);
        if (words.Length < at) Array.Resize(ref words, checked(at + at / 2 + 1024));
        return start;
    }
}
