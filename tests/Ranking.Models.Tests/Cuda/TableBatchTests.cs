using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Cuda;
using Ranking.Models.Input;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Tests.Cuda;

/// <summary>What the host tells the kernels of tables.cu, carried out in float64 by the words alone, against tables in main memory.</summary>
public unsafe class TableBatchTests
{
    [Theory]
    [InlineData(1, null, 1000, 1)]
    [InlineData(3, 600, 30, 2)] // admission, TTL and a budget so small that every batch evicts
    [InlineData(1, 60, 12, 3)]
    public void The_words_of_a_batch_say_what_tables_in_main_memory_do(int admission, int? ttlSeconds, int rows, int seed)
    {
        FeatureLayout layout = Problem.Layout(table: new TableSpec(8, admission, ttlSeconds is { } s ? TimeSpan.FromSeconds(s) : null, rows));
        ModelSpec spec = new(D: 16, H: 4, L: 1);
        using RankingModel expected = new(layout, spec, 1), actual = new(layout, spec, 1);
        TableBatch batch = new(actual.Plan, actual.Tables.Values);
        Dictionary<IdTable, Card> cards = actual.Tables.Values.ToDictionary(t => t, t => new Card(t));
        Random random = new(seed);
        InputBatch host = expected.Rent();
        foreach (Example[] examples in Problem.Examples(layout, 40 * 70, seed).Chunk(70))
        {
            using DisposeScope scope = NewDisposeScope();
            foreach (IdTable table in expected.Tables.Values) table.BeginBatch(examples[^1].TimeMs);
            host.Resolve(examples);
            Tensor leaf_BF = host.ToTensors(gradients: true, CPU).X_BF;
            batch.Resolve(examples, [1, 1]);
            foreach (Card card in cards.Values) card.Grow();
            batch.Write(t => cards[t].Place);

            Follower card64 = new(batch.Words, actual.Tables.Count, actual.Plan.Columns.Count);
            card64.Admit();
            int width = actual.Input.Width;
            double[] x = card64.Pool(examples.Length, width);
            Near(leaf_BF.data<float>().ToArray().Select(v => (double)v), x);

            float[] gradient = [.. x.Select(_ => (float)random.NextDouble() - 0.5f)];
            leaf_BF.backward([tensor(gradient, [examples.Length, width])]);
            host.Scatter();
            double square = card64.Apply(gradient, 0.05f, 0.01f, 0.5f);
            Assert.Equal(expected.Tables.Values.Sum(t => t.SquaredGradientNorm()), square, square * 1e-5);
            foreach (IdTable table in expected.Tables.Values) table.Apply(0.05f, 0.01f, 0.5f);
            foreach ((string name, IdTable table) in expected.Tables)
            {
                IdTable other = actual.Tables[name];
                Assert.Equal((table.Count, table.PendingCount, table.Evicted, table.Expired), (other.Count, other.PendingCount, other.Evicted, other.Expired));
                Near(Numbers(table.Row(IdTable.Shared)), cards[other].Row(IdTable.Shared));
                Near(Numbers(table.Row(IdTable.Missing)), cards[other].Row(IdTable.Missing));
                foreach ((string id, int row) in table.Ids()) Near(Numbers(table.Row(row)), cards[other].Row(other.Find(id)));
            }
        }
        if (ttlSeconds is not null) Assert.NotEqual(0, actual.Tables.Values.Sum(t => t.Expired + t.Evicted));
        foreach (Card card in cards.Values) card.Dispose();
    }

    [Fact]
    public void A_row_that_a_whole_batch_uses_is_summed_in_segments_of_bounded_length()
    {
        FeatureLayout layout = Problem.Layout();
        using RankingModel model = new(layout, new ModelSpec(D: 16, H: 4, L: 1), 1);
        TableBatch batch = new(model.Plan, model.Tables.Values);
        batch.Resolve(Problem.Examples(layout, 1000, 1, users: 1), [1, 1]);
        batch.Write(_ => ([0], 10, 0));
        ReadOnlySpan<TableWork> tables = MemoryMarshal.Cast<int, TableWork>(batch.Words[..(model.Tables.Count * Unsafe.SizeOf<TableWork>() / 4)]);
        bool split = false;
        foreach (TableWork t in tables)
        {
            ReadOnlySpan<int> starts = batch.Words.Slice(t.SegmentStarts, t.Segments + 1);
            for (int i = 0; i < t.Segments; i++) Assert.InRange(starts[i + 1] - starts[i], 1, TablePart.LongestSegment);
            split |= t.Slots < t.Segments;
        }
        Assert.True(split);
    }

    [Fact]
    public void A_bad_example_is_refused_by_name()
    {
        FeatureLayout layout = Problem.Layout();
        using RankingModel model = new(layout, new ModelSpec(D: 16, H: 4, L: 1), 1);
        TableBatch batch = new(model.Plan, model.Tables.Values);
        Example good = Problem.Examples(layout, 1, 1)[0];
        float[] numbers = [.. good.Features.Numbers];
        numbers[0] = float.NaN;
        Assert.Contains("not finite", Assert.Throws<ArgumentException>(() => batch.Resolve([good, good with { Features = good.Features with { Numbers = numbers } }], [1, 1])).Message, StringComparison.Ordinal);
    }

    static void Near(IEnumerable<double> expected, double[] actual)
    {
        double[] e = [.. expected];
        Assert.Equal(e.Length, actual.Length);
        for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], actual[i], 2e-5 + Math.Abs(e[i]) * 1e-4);
    }

    static double[] Numbers(ReadOnlySpan<float> row) => [.. row.ToArray().Select(v => (double)v)];

    /// <summary>A table's numbers where a card would have them, in chunks of 16 rows; never read before they are written.</summary>
    sealed class Card(IdTable table) : IDisposable
    {
        const int RowsLog = 4;
        readonly int stride = 2 * table.Settings.Dim;
        readonly List<ulong> chunks = [];
        readonly ulong special = Allocate(4 * table.Settings.Dim, 0);

        public (IReadOnlyList<ulong> Chunks, int RowsLog, ulong Special) Place => (chunks, RowsLog, special);

        public void Grow()
        {
            while (chunks.Count << RowsLog < table.Store.ChunkCount * table.Store.ChunkRows) chunks.Add(Allocate(stride << RowsLog, float.NaN));
        }

        public double[] Row(int row)
        {
            float* at = row < 0 ? (float*)special + (-1 - row) * stride : (float*)chunks[row >> RowsLog] + (row & 15) * stride;
            return Numbers(new ReadOnlySpan<float>(at, table.Settings.Dim));
        }

        static ulong Allocate(int floats, float value)
        {
            float* memory = (float*)NativeMemory.Alloc((nuint)floats * sizeof(float));
            new Span<float>(memory, floats).Fill(value);
            return (ulong)memory;
        }

        public void Dispose()
        {
            foreach (ulong address in (ulong[])[special, .. chunks]) NativeMemory.Free((void*)address);
        }
    }

    /// <summary>tables.cu, kernel by kernel, in float64.</summary>
    readonly ref struct Follower(ReadOnlySpan<int> words, int tableCount, int columnCount)
    {
        readonly ReadOnlySpan<int> words = words;
        readonly ReadOnlySpan<TableWork> tables = MemoryMarshal.Cast<int, TableWork>(words)[..tableCount];
        readonly ReadOnlySpan<ColumnWork> columns = MemoryMarshal.Cast<int, ColumnWork>(words[(tableCount * Unsafe.SizeOf<TableWork>() / 4)..])[..columnCount];

        float* RowOf(in TableWork t, int row) => row < 0 ? (float*)t.Special + (-1 - row) * 2 * t.Dim
            : (float*)MemoryMarshal.Cast<int, ulong>(words[t.Chunks..])[row >> t.RowsLog] + (row & ((1 << t.RowsLog) - 1)) * 2 * t.Dim;

        float Float(int at) => BitConverter.Int32BitsToSingle(words[at]);

        public void Admit()
        {
            foreach (ref readonly TableWork t in tables)
                for (int i = 0; i < t.Admitted * t.Dim; i++)
                {
                    float* row = RowOf(t, words[t.AdmittedRows + i / t.Dim]);
                    (row[i % t.Dim], row[t.Dim + i % t.Dim]) = (Float(t.AdmittedNumbers + i), 0);
                }
        }

        public double[] Pool(int examples, int width)
        {
            double[] x = new double[examples * width];
            foreach (ref readonly ColumnWork c in columns)
                for (int i = 0; i < examples * c.Width; i++)
                {
                    (int b, int d) = (i / c.Width, i % c.Width);
                    double value = 0;
                    if (c.Table < 0) value = Float(c.Members + i);
                    else
                    {
                        int start = b == 0 ? 0 : words[c.Ends + b - 1], end = words[c.Ends + b];
                        for (int m = start; m < end; m++) value += RowOf(tables[c.Table], words[c.Members + m])[d];
                        value /= Math.Max(1, end - start);
                    }
                    for (int o = 0; o < c.OffsetCount; o++) x[b * width + words[c.Offsets + o] + d] = value;
                }
            return x;
        }

        public double Apply(float[] gradient, float rate, float decay, float scale)
        {
            double square = 0;
            foreach (ref readonly TableWork t in tables)
                for (int slot = 0; slot < t.Slots; slot++)
                    for (int d = 0; d < t.Dim; d++)
                    {
                        double sum = 0;
                        for (int s = words[t.FirstSegment + slot]; s < words[t.FirstSegment + slot + 1]; s++)
                            for (int e = words[t.SegmentStarts + s]; e < words[t.SegmentStarts + s + 1]; e++)
                                sum += gradient[words[t.Entries + 2 * e] + d] * (double)Float(t.Entries + 2 * e + 1);
                        square += sum * sum;
                        float* row = RowOf(t, words[t.Rows + slot]);
                        double step = sum * scale + row[d] * (double)decay;
                        row[t.Dim + d] += (float)(step * step);
                        row[d] -= (float)(step * rate / (Math.Sqrt(row[t.Dim + d]) + 1e-10));
                    }
            return square;
        }
    }
}
