using Parquet;
using Parquet.Schema;
using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Streams.Examples;

/// <summary>Writes examples to a Parquet file, which appears under its name when it is complete.</summary>
public sealed class ExampleFileWriter : IDisposable
{
    const int RowsAGroup = 8192; // the first example is there once a group is decoded

    readonly string path, aside;
    readonly ExampleColumns columns;
    readonly List<Example> waiting = new(RowsAGroup);
    readonly FileStream file;
    readonly ParquetWriter writer;
    bool completed;

    /// <summary>Begins a file.</summary>
    /// <param name="path">Where it will lie; a file that lies there is replaced at the end.</param>
    /// <param name="spec">What the examples are made with.</param>
    /// <param name="userFrozenAtMs">Where the users' own aggregates were frozen; null: they move.</param>
    public ExampleFileWriter(string path, RankingSpec spec, long? userFrozenAtMs = null)
    {
        this.path = path;
        aside = $"{path}.{Guid.NewGuid():n}.tmp";
        columns = new ExampleColumns(FeatureLayout.Of(spec));
        file = new FileStream(aside, FileMode.CreateNew, FileAccess.ReadWrite);
        writer = Wait(ParquetWriter.CreateAsync(columns.Schema, file));
        writer.CustomMetadata = new ExampleFileInfo(spec.FeatureHash, userFrozenAtMs).ToMetadata();
    }

    /// <summary>Examples so far.</summary>
    public long Count { get; private set; }

    /// <summary>Adds an example.</summary>
    public void Add(Example example)
    {
        waiting.Add(example);
        Count++;
        if (waiting.Count == RowsAGroup) WriteGroup();
    }

    /// <summary>Ends the file and gives it its name.</summary>
    public void Complete()
    {
        if (waiting.Count > 0) WriteGroup();
        writer.DisposeAsync().AsTask().GetAwaiter().GetResult();
        file.Flush(flushToDisk: true);
        file.Dispose();
        File.Move(aside, path, overwrite: true);
        completed = true;
    }

    /// <summary>Deletes what was not completed.</summary>
    public void Dispose()
    {
        if (completed) return;
        file.Dispose();
        File.Delete(aside);
    }

    void WriteGroup()
    {
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        Wait(group.WriteAsync<long>(columns.Time, waiting.Select(e => e.TimeMs).ToArray()));
        Text(columns.RequestId, e => e.RequestId);
        Text(columns.User, e => e.User);
        Text(columns.Item, e => e.Item);
        Text(columns.List, e => e.ListKey);
        Text(columns.Source, e => e.Source == ExampleSource.Served ? "served" : "backfilled");
        for (int i = 0; i < columns.Labels.Length; i++) Number(columns.Labels[i], e => e.Labels[i]);
        for (int i = 0; i < columns.Numbers.Length; i++) Number(columns.Numbers[i], e => e.Features.Numbers[i]);
        for (int i = 0; i < columns.Ids.Length; i++)
        {
            if (columns.Ids[i].IsArray) Lists(columns.Ids[i], i);
            else Text(columns.Ids[i], e => e.Features.IdsOf(i) is [string only] ? only : null);
        }
        group.CompleteValidate();
        waiting.Clear();

        void Text(DataField field, Func<Example, string?> of) => Wait(group.WriteAsync(field, (IReadOnlyCollection<string>)waiting.Select(of).ToArray()!));

        void Number(DataField field, Func<Example, float> of) => Wait(group.WriteAsync<float>(field, waiting.Select(of).ToArray()));

        // An empty list is one null; level 0 begins a row.
        void Lists(DataField field, int column)
        {
            List<string?> values = [];
            List<int> levels = [];
            foreach (Example example in waiting)
            {
                ReadOnlySpan<string> ids = example.Features.IdsOf(column);
                if (ids.IsEmpty)
                {
                    values.Add(null);
                    levels.Add(0);
                }
                for (int i = 0; i < ids.Length; i++)
                {
                    values.Add(ids[i]);
                    levels.Add(i == 0 ? 0 : 1);
                }
            }
            Wait(group.WriteAsync(field, (IReadOnlyCollection<string>)values!, new ReadOnlyMemory<int>([.. levels])));
        }
    }

    static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    static void Wait(Task task) => task.GetAwaiter().GetResult();
}
