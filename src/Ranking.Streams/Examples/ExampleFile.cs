using Parquet;
using Parquet.Schema;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;

namespace Ranking.Streams.Examples;

/// <summary>A Parquet file of examples, as <see cref="ExampleFileWriter"/> writes it.</summary>
public sealed class ExampleFile
{
    readonly ExampleColumns columns;

    ExampleFile(string path, ExampleColumns columns, ExampleFileInfo info, IReadOnlyList<long> groups) => (Path, this.columns, Info, Groups) = (path, columns, info, groups);

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>What it says of itself.</summary>
    public ExampleFileInfo Info { get; }

    /// <summary>The number of its examples.</summary>
    public long Count => Groups.Sum();

    IReadOnlyList<long> Groups { get; }

    /// <summary>Opens a file and checks that it holds examples of the spec.</summary>
    /// <exception cref="RankingException">It does not exist, is no such file, or is of another spec.</exception>
    public static ExampleFile Open(string path, RankingSpec spec)
    {
        if (!File.Exists(path)) throw new RankingException(ErrorCodes.FileNotFound, $"There is no file {path}.");
        ExampleColumns columns = new(FeatureLayout.Of(spec));
        return Guarded(path, () =>
        {
            using FileStream file = File.OpenRead(path);
            ParquetReader reader = Wait(ParquetReader.CreateAsync(file));
            try
            {
                ExampleFileInfo info = ExampleFileInfo.Read(reader.CustomMetadata, path, spec);
                HashSet<string> present = [.. reader.Schema.DataFields.Select(f => f.Name)];
                if (columns.Schema.DataFields.FirstOrDefault(f => !present.Contains(f.Name)) is { } missing)
                    throw new RankingException(ErrorCodes.ExamplesInvalid, $"{path} has no column '{missing.Name}', which the spec '{spec.Name}' expects.");
                return new ExampleFile(path, columns, info, [.. reader.RowGroups.Select(g => g.RowCount)]);
            }
            finally
            {
                reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        });
    }

    /// <summary>The examples in order, from a row on.</summary>
    /// <param name="firstRow">Number of the first row that is read.</param>
    public IEnumerable<Example> Read(long firstRow = 0)
    {
        using FileStream file = File.OpenRead(Path);
        ParquetReader reader = Guarded(Path, () => Wait(ParquetReader.CreateAsync(file)));
        try
        {
            long start = 0;
            for (int group = 0; group < Groups.Count; start += Groups[group], group++)
            {
                if (start + Groups[group] <= firstRow) continue;
                Example[] examples = Guarded(Path, () => ReadGroup(reader, group, (int)Groups[group]));
                for (long row = Math.Max(0, firstRow - start); row < examples.Length; row++) yield return examples[row];
            }
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    Example[] ReadGroup(ParquetReader reader, int number, int rows)
    {
        using ParquetRowGroupReader group = reader.OpenRowGroupReader(number);
        Dictionary<string, DataField> fields = reader.Schema.DataFields.ToDictionary(f => f.Name);
        long[] times = Numbers<long>(columns.Time);
        string?[] requests = Text(columns.RequestId), users = Text(columns.User), items = Text(columns.Item), lists = Text(columns.List), sources = Text(columns.Source);
        float[][] labels = [.. columns.Labels.Select(Numbers<float>)], numbers = [.. columns.Numbers.Select(Numbers<float>)];
        IdCursor[] ids = [.. columns.Ids.Select(Ids)];
        Example[] examples = new Example[rows];
        List<string> own = [];
        for (int row = 0; row < rows; row++)
        {
            own.Clear();
            int[] offsets = new int[ids.Length + 1];
            for (int column = 0; column < ids.Length; column++)
            {
                ids[column].Take(own);
                offsets[column + 1] = own.Count;
            }
            float[] label = new float[labels.Length], dense = new float[numbers.Length];
            for (int i = 0; i < label.Length; i++) label[i] = labels[i][row];
            for (int i = 0; i < dense.Length; i++) dense[i] = numbers[i][row];
            ExampleSource source = sources[row] == "served" ? ExampleSource.Served : ExampleSource.Backfilled;
            examples[row] = new Example(times[row], requests[row]!, users[row]!, items[row]!, lists[row]!, new FeatureVector(dense, [.. own], offsets), label, source);
        }
        return examples;

        T[] Numbers<T>(DataField field) where T : struct
        {
            T[] values = new T[rows];
            Wait(group.ReadAsync<T>(fields[field.Name], values.AsMemory()));
            return values;
        }

        string?[] Text(DataField field)
        {
            string?[] values = new string?[rows];
            Wait(group.ReadAsync(fields[field.Name], values.AsMemory()));
            return values;
        }

        IdCursor Ids(DataField field)
        {
            DataField stored = fields[field.Name];
            if (!field.IsArray) return new IdCursor(Text(field), null);
            int count = (int)group.GetMetadata(stored)!.MetaData!.NumValues;
            ReadOnlyMemory<char>[] defined = new ReadOnlyMemory<char>[count];
            int[] definitions = new int[count], levels = new int[count];
            Wait(group.ReadRawAsync<ReadOnlyMemory<char>>(stored, defined.AsMemory(), definitions.AsMemory(), levels.AsMemory()));
            string?[] values = new string?[count];
            for (int i = 0, next = 0; i < count; i++)
                if (definitions[i] == stored.MaxDefinitionLevel) values[i] = defined[next++].ToString();
            return new IdCursor(values, levels);
        }
    }

    /// <summary>Walks through a column of ids row by row.</summary>
    sealed class IdCursor(string?[] values, int[]? levels)
    {
        int next;

        public void Take(List<string> into)
        {
            do
            {
                if (values[next] is { } id) into.Add(id);
                next++;
            }
            while (levels is not null && next < levels.Length && levels[next] > 0);
        }
    }

    static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is not (RankingException or OutOfMemoryException or FileNotFoundException or UnauthorizedAccessException))
        {
            throw new RankingException(ErrorCodes.ExamplesInvalid, $"{path} cannot be read as a Parquet file of examples: {error.Message}", error);
        }
    }

    static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    static void Wait(Task task) => task.GetAwaiter().GetResult();

    static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
}
