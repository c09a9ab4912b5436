using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Ranking.Features.Examples;
using Ranking.Models.Input;
using Ranking.Models.Tables;

namespace Ranking.Models.Cuda;

/// <summary>
/// What one table has to do with a batch: which rows each example pools, and for each row the places of the input's gradient that it
/// gets a share of, cut into segments of bounded length so that a row that half of the batch uses is summed by many threads.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="columns">That read it.</param>
sealed class TablePart(IdTable table, IReadOnlyList<InputColumn> columns)
{
    internal const int LongestSegment = 32;
    const int FindAtOnce = 512;
    readonly (InputColumn Column, List<int> Members, List<int> Ends)[] parts = [.. columns.Select(c => (c, new List<int>(), new List<int>()))];
    readonly List<int> slots = [];
    int[] entries = [], entryEnds = [], firstSegment = [], starts = [], found = [];
    int entryCount, rows;

    public IdTable Table => table;

    /// <summary>By column: the rows of all its members, and for each example where its own end.</summary>
    public IReadOnlyList<(InputColumn Column, List<int> Members, List<int> Ends)> Columns => parts;

    /// <summary>Pairs of words, row after row of the batch: a place in the input's gradient [B, F], and the share of it as a float.</summary>
    public ReadOnlySpan<int> Entries => entries.AsSpan(0, 2 * entryCount);

    /// <summary>By row of the batch: its first segment; one more for the end.</summary>
    public ReadOnlySpan<int> FirstSegment => firstSegment.AsSpan(0, rows + 1);

    /// <summary>Where segments begin among the entries; one more for the end.</summary>
    public IEnumerable<int> SegmentStarts()
    {
        for (int row = 0; row < rows; row++)
            for (int start = row == 0 ? 0 : entryEnds[row - 1]; start < entryEnds[row]; start += LongestSegment) yield return start;
        yield return entryCount;
    }

    public void Resolve(IReadOnlyList<Example> examples, long latestMs, int inputWidth)
    {
        table.BeginBatch(latestMs);
        slots.Clear();
        bool missingHasRow = table.Settings.Missing == MissingValue.Learned;
        Find(examples);
        long removals = table.Removals;
        int next = 0;
        foreach ((InputColumn column, List<int> members, List<int> ends) in parts)
        {
            members.Clear();
            ends.Clear();
            foreach (Example example in examples)
            {
                ReadOnlySpan<string> ids = example.Features.IdsOf(column.Index);
                foreach (string id in ids) Use(table.Resolve(id, example.TimeMs, found[next++], removals));
                if (ids.IsEmpty && missingHasRow) Use(IdTable.Missing); // a mean of one
                ends.Add(members.Count);
            }

            void Use(int row)
            {
                members.Add(row);
                slots.Add(table.Touch(row));
            }
        }
        Group(inputWidth);
    }

    // Most of a lookup is waiting for memory that nobody writes now, so it is done ahead, by as many threads as there are.
    void Find(IReadOnlyList<Example> examples)
    {
        int count = 0;
        if (starts.Length < parts.Length * examples.Count) starts = new int[parts.Length * examples.Count];
        for (int c = 0; c < parts.Length; c++)
            for (int b = 0; b < examples.Count; b++)
            {
                starts[c * examples.Count + b] = count;
                count += examples[b].Features.IdsOf(parts[c].Column.Index).Length;
            }
        if (found.Length < count) found = new int[count + count / 2];
        Parallel.ForEach(Partitioner.Create(0, parts.Length * examples.Count, FindAtOnce), range =>
        {
            for (int i = range.Item1; i < range.Item2; i++)
            {
                ReadOnlySpan<string> ids = examples[i % examples.Count].Features.IdsOf(parts[i / examples.Count].Column.Index);
                table.Find(ids, found.AsSpan(starts[i], ids.Length));
            }
        });
    }

    // A counting sort by row, so within a row entries come by column, example and place: one order, whatever the card does.
    void Group(int inputWidth)
    {
        rows = table.BatchRows.Count;
        if (entryEnds.Length < rows) entryEnds = new int[rows + rows / 2 + 16];
        if (firstSegment.Length <= rows) firstSegment = new int[rows + rows / 2 + 16];
        Span<int> next = entryEnds.AsSpan(0, rows);
        next.Clear();
        int member = 0;
        foreach ((InputColumn column, List<int> members, _) in parts)
            for (int i = 0; i < members.Count; i++) next[slots[member++]] += column.Offsets.Count;
        entryCount = firstSegment[0] = 0;
        for (int row = 0; row < rows; row++)
        {
            int count = next[row];
            next[row] = entryCount;
            entryCount = checked(entryCount + count);
            firstSegment[row + 1] = firstSegment[row] + (count + LongestSegment - 1) / LongestSegment;
        }
        if (entries.Length < 2 * entryCount) entries = new int[3 * entryCount];
        member = 0;
        foreach ((InputColumn column, List<int> members, List<int> ends) in parts)
        {
            int i = 0;
            for (int b = 0; b < ends.Count; b++)
            {
                int share = BitConverter.SingleToInt32Bits(1f / Math.Max(1, ends[b] - i));
                for (; i < ends[b]; i++, member++)
                    foreach (int offset in column.Offsets)
                    {
                        int entry = next[slots[member]]++;
                        (entries[2 * entry], entries[2 * entry + 1]) = (checked(b * inputWidth + offset), share);
                    }
            }
        }
    }
}

/// <summary>tables.cu: where a table and its part of the batch lie; numbers without a comment are places among the words.</summary>
[StructLayout(LayoutKind.Sequential)]
record struct TableWork
{
    /// <summary>Address of the shared row and of the missing value's.</summary>
    public ulong Special;
    /// <summary>Addresses of the chunks, two words each; rows a chunk as a power of two; numbers a row.</summary>
    public int Chunks, RowsLog, Dim;
    /// <summary>Count of the batch's rows, and where the rows are.</summary>
    public int Slots, Rows;
    /// <summary>Of each row of the batch; count of segments.</summary>
    public int FirstSegment, Segments, SegmentStarts, Entries;
    /// <summary>Count of rows to begin, their numbers in the table and what they begin as.</summary>
    public int Admitted, AdmittedRows, AdmittedNumbers;
    /// <summary>First floats of the table in the scratch of partial sums and of gradients.</summary>
    public int Partial, Gradient;
    int padding0, padding1;
}

/// <summary>tables.cu: a column of the input. Table −1: <see cref="Members"/> are its numbers [B, Width].</summary>
[StructLayout(LayoutKind.Sequential)]
record struct ColumnWork
{
    public int Table, Width, Members, Ends, Offsets, OffsetCount;
    int padding0, padding1;
}
