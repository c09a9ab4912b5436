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

    /// <summary>
    /// The examples in order, from a row on. Row groups are independent, so a large machine decodes some of them at once: one thread
    /// gives about 30,000 examples of KuaiRand a second, a card learns from more.
    /// </summary>
    /// <param name="firstRow">Number of the first row that is read.</param>
    public IEnumerable<Example> Read(long firstRow = 0)
    {
        int next = 0, ahead = Math.Clamp(Environment.ProcessorCount / 8, 1, 4);
        long start = 0;
        while (next < Groups.Count && start + Groups[next] <= firstRow) start += Groups[next++];
        Queue<Task<Example[]>> waiting = new();
        void Decode(int most)
        {
            for (; waiting.Count < most && next < Groups.Count; next++)
            {
                int group = next;
                waiting.Enqueue(Task.Run(() => Guarded(Path, () => ReadGroup(group))));
            }
        }
        for (Decode(1); waiting.Count > 0; Decode(1))
        {
            Example[] examples = waiting.Dequeue().GetAwaiter().GetResult();
            for (long row = Math.Max(0, firstRow - start); row < examples.Length; row++)
            {
                yield return examples[row];
                if (ahead > 1) Decode(ahead); // after the first: who wants no more than that gets no more
            }
            start += examples.Length;
        }
    }

    Example[] ReadGroup(int number)
    {
        using FileStream file = File.OpenRead(Path);
        ParquetReader reader = Wait(ParquetReader.CreateAsync(file));
        try
        {
            return ReadGroup(reader, number, (int)Groups[number]);
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
        // Ids come again and again. One object each: with one a value, collections took two fifths of the reading's time.
        HashSet<string> known = new(StringComparer.Ordinal);
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> bySpan = known.GetAlternateLookup<ReadOnlySpan<char>>();
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
            foreach (ref string? value in values.AsSpan())
                if (value is not null) value = Once(value);
            return values;
        }

        string Once(ReadOnlySpan<char> text)
        {
            if (bySpan.TryGetValue(text, out string? held)) return held;
            known.Add(held = text.ToString());
            return held;
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
                if (definitions[i] == stored.MaxDefinitionLevel) values[i] = Once(defined[next++].Span);
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
