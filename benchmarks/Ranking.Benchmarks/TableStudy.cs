using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Ranking.Models;
using Ranking.Models.Tables;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Ranking.Benchmarks;

/// <summary>
/// An ID table of millions of ids beside <c>Dictionary</c> + <c>torch.nn.EmbeddingBag</c> with sparse gradients and Adagrad, on the same batches, in
/// turn: lookups (ids to the mean of each bag) and updates (lookup, a gradient for each bag, Adagrad on the rows). The first batch must agree.
/// <c>tables [IDS [DIM]]</c>.
/// </summary>
internal static class TableStudy
{
    const int Bags = 4096, Batches = 40, Rounds = 7;
    const float Rate = 0.05f;

    public static void Run(int ids, int dim)
    {
        Torch.Load();
        set_num_threads(2);
        long before = GC.GetTotalMemory(true);
        IdTable table = new("t", new IdTableSettings { Dim = dim, MaxRows = ids }, 1);
        Stopwatch clock = Stopwatch.StartNew();
        for (int i = 0; i < ids; i++) table.Resolve(Name(i), i);
        double filled = clock.Elapsed.TotalSeconds;
        Print($"filled with {ids:N0} ids of {dim} numbers", $"{ids / filled / 1e6:F2} M ids/s");
        Print("held by the table", $"{table.Bytes / 1e9:F2} GB, the formula says {IdTable.BytesFor(ids, dim, Name(0).Length, true) / 1e9:F2} GB, the heap {(GC.GetTotalMemory(true) - before) / 1e9:F2} GB");

        using Peer peer = new(table, ids, dim);
        Batch[] batches = [.. Enumerable.Range(0, Batches).Select(b => new Batch(b, ids, dim))];
        float[] ours = new float[Bags * dim], theirs = new float[Bags * dim];
        Lookup(table, batches[0], ours);
        peer.Lookup(batches[0], theirs);
        double looked = Distance(ours, theirs);
        Update(table, batches[0], ours, 0);
        peer.Update(batches[0]);
        Lookup(table, batches[0], ours);
        peer.Lookup(batches[0], theirs);
        Print("largest difference before and after an update", $"{looked:G2}, {Distance(ours, theirs):G2}");

        List<double> find = [], peerFind = [], train = [], peerTrain = [];
        for (int round = 0; round < Rounds; round++)
        {
            find.Add(RateOf(b => Lookup(table, b, ours)));
            peerFind.Add(RateOf(b => peer.Lookup(b, theirs)));
            train.Add(RateOf(b => Update(table, b, ours, ids + round)));
            peerTrain.Add(RateOf(peer.Update));
        }
        Print("lookups, M ids/s", Row(find, peerFind));
        Print("updates, M ids/s", Row(train, peerTrain));
        Print("peak memory of the process", $"{Process.GetCurrentProcess().PeakWorkingSet64 / 1e9:F1} GB");

        double RateOf(Action<Batch> work)
        {
            Stopwatch clock = Stopwatch.StartNew();
            foreach (Batch batch in batches) work(batch);
            return batches.Sum(b => (double)b.Ids.Length) / clock.Elapsed.TotalSeconds / 1e6;
        }
    }

    /// <summary>What scoring does of it (<c>InputBatch</c>).</summary>
    static void Lookup(IdTable table, Batch batch, float[] pooled)
    {
        table.Find(batch.Ids, batch.Rows);
        table.Pool(batch.Rows, batch.Starts.AsSpan(1), pooled, table.Settings.Dim);
    }

    /// <summary>What training does of it.</summary>
    static void Update(IdTable table, Batch batch, float[] pooled, long timeMs)
    {
        int dim = table.Settings.Dim;
        table.BeginBatch(timeMs);
        Array.Fill(batch.Times, timeMs);
        table.Resolve(batch.Ids, batch.Times, batch.Rows);
        table.Pool(batch.Rows, batch.Starts.AsSpan(1), pooled, table.Settings.Dim);
        for (int b = 0; b < Bags; b++)
        {
            Range bag = batch.Starts[b]..batch.Starts[b + 1];
            foreach (int row in batch.Rows.AsSpan(bag))
            {
                Span<float> sum = table.Gradient(row);
                TensorPrimitives.MultiplyAdd(batch.Gradient.AsSpan(b * dim, dim), 1f / (batch.Starts[b + 1] - batch.Starts[b]), sum, sum);
            }
        }
        table.Apply(Rate);
    }

    static string Name(int i) => $"user{i:d8}";

    static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

    static string Row(List<double> ours, List<double> theirs)
    {
        double[] ratios = [.. ours.Zip(theirs, (a, b) => a / b).Order()];
        double Median(List<double> of) => of.Order().ElementAt(of.Count / 2);
        return string.Create(CultureInfo.InvariantCulture, $"{Median(ours):F2} | {Median(theirs):F2} | {ratios[ratios.Length / 2]:F2} ({ratios[0]:F2} to {ratios[^1]:F2})");
    }

    static void Print(string what, string value) => Console.WriteLine($"| {what} | {value} |");

    /// <summary>Bags of one to seven ids, as often as real ones come: the n-th most frequent id about 1/n of the time.</summary>
    sealed class Batch
    {
        public Batch(int seed, int ids, int dim)
        {
            Random random = new(seed);
            Starts = new int[Bags + 1];
            for (int b = 0; b < Bags; b++) Starts[b + 1] = Starts[b] + random.Next(1, 8);
            Ids = [.. Enumerable.Range(0, Starts[Bags]).Select(_ => Name((int)((long)Math.Exp(random.NextDouble() * Math.Log(ids)) * 7_368_787 % ids)))];
            Rows = new int[Ids.Length];
            Times = new long[Ids.Length];
            Gradient = [.. Enumerable.Range(0, Bags * dim).Select(_ => (float)(random.NextDouble() - 0.5))];
        }

        public string[] Ids { get; }

        public int[] Starts { get; }

        public int[] Rows { get; }

        public long[] Times { get; }

        public float[] Gradient { get; }
    }

    /// <summary>PyTorch's way: a dictionary, EmbeddingBag, its sparse gradient, Adagrad on the rows of it (what torch.optim.Adagrad does) as one script.</summary>
    sealed class Peer : IDisposable
    {
        readonly Dictionary<string, int> places;
        readonly TorchSharp.Modules.EmbeddingBag bag;
        readonly Tensor sums;
        readonly jit.CompilationUnit script = jit.compile("""
            def adagrad(weight: Tensor, sums: Tensor, grad: Tensor, rate: float) -> Tensor:
                g = grad.coalesce()
                i = g.indices()[0]
                v = g.values()
                s = sums.index_select(0, i) + v * v
                sums.index_copy_(0, i, s)
                weight.index_add_(0, i, v / (s.sqrt() + 1e-10), alpha=-rate)
                return s

            """);
        readonly int dim;

        public Peer(IdTable table, int ids, int dim)
        {
            this.dim = dim;
            places = new Dictionary<string, int>(ids);
            for (int i = 0; i < ids; i++) places.Add(Name(i), i);
            Tensor weights = empty(ids, dim);
            for (int i = 0; i < ids; i++)
            {
                using Tensor row = weights.select(0, i);
                MemoryMarshal.AsBytes(table.Row(table.Find(Name(i)))).CopyTo(row.bytes);
            }
            bag = nn.EmbeddingBag_from_pretrained(weights, freeze: false, sparse: true, mode: EmbeddingBagMode.Mean);
            sums = zeros(ids, dim);
        }

        public void Lookup(Batch batch, float[] pooled)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable _ = no_grad();
            MemoryMarshal.Cast<byte, float>(Forward(batch).bytes).CopyTo(pooled);
        }

        public void Update(Batch batch)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor gradient = tensor(batch.Gradient, [Bags, dim]);
            bag.weight!.grad = null;
            Forward(batch).backward([gradient]);
            using IDisposable _ = no_grad();
            script.invoke("adagrad", bag.weight, sums, bag.weight.grad!, (double)Rate);
        }

        Tensor Forward(Batch batch)
        {
            long[] indices = new long[batch.Ids.Length], offsets = new long[Bags];
            for (int i = 0; i < indices.Length; i++) indices[i] = places[batch.Ids[i]];
            for (int b = 0; b < Bags; b++) offsets[b] = batch.Starts[b];
            return bag.call(tensor(indices), tensor(offsets));
        }

        public void Dispose()
        {
            bag.Dispose();
            sums.Dispose();
        }
    }
}
