using CsCheck;
using Ranking.Training.Batches;

namespace Ranking.Training.Tests.Batches;

public class BatchOrderTests
{
    static readonly Gen<(int[] Partitions, int Size, int Window, int Seed)> Cases = Gen.Select(Gen.Int[0, 2].Array[0, 70], Gen.Int[1, 9], Gen.Int[0, 25], Gen.Int[0, 3]);

    static IEnumerable<ExampleBatch> Batches(int[] partitions, int size, int window, int seed, BatchPosition from) =>
        new BatchOrder(size, window, seed).Read(new Partitioned([.. partitions.Select((p, i) => (SomeExamples.At(i), p))]), 1, from, CancellationToken.None);

    static long[] Times(ExampleBatch batch) => [.. batch.Examples.Select(e => e.TimeMs)];

    [Fact]
    public void Every_example_comes_once_and_stays_in_its_window() => Cases.Sample(c =>
    {
        ExampleBatch[] batches = [.. Batches(c.Partitions, c.Size, c.Window, c.Seed, BatchPosition.Start)];
        long[] times = [.. batches.SelectMany(Times)];
        Assert.Equal(Enumerable.Range(0, c.Partitions.Length).Select(i => (long)i), times.Order());
        if (c.Window <= 1) Assert.Equal(times.Order(), times);
        else for (int i = 0; i < times.Length; i++) Assert.Equal(i / c.Window, times[i] / c.Window);
        Assert.All(batches.SkipLast(1), b => Assert.Equal(c.Size, b.Examples.Count));
    });

    [Fact]
    public void Reading_on_after_any_batch_gives_the_same_batches() => Cases.Sample(c =>
    {
        ExampleBatch[] batches = [.. Batches(c.Partitions, c.Size, c.Window, c.Seed, BatchPosition.Start)];
        for (int i = 0; i + 1 < batches.Length; i++)
        {
            ExampleBatch[] rest = [.. Batches(c.Partitions, c.Size, c.Window, c.Seed, batches[i].After)];
            Assert.Equal(batches.Skip(i + 1).Select(Times), rest.Select(Times));
            Assert.Equal(batches[^1].After.Offsets.OrderBy(o => o.Key), rest[^1].After.Offsets.OrderBy(o => o.Key));
        }
        if (batches.Length > 0) Assert.Empty(Batches(c.Partitions, c.Size, c.Window, c.Seed, batches[^1].After));
    });

    [Fact]
    public void Every_pass_and_every_seed_shuffles_differently_and_each_the_same_again()
    {
        string Order(int pass, int seed) => string.Join(',', new BatchOrder(10, 50, seed).Read(new ExampleList(SomeExamples.Of(100)), pass, BatchPosition.Start, CancellationToken.None).SelectMany(Times));
        Assert.Equal(Order(0, 0), Order(0, 0));
        Assert.Equal(4, new[] { Order(0, 0), Order(1, 0), Order(0, 1), Order(1, 1) }.Distinct().Count());
        Assert.NotEqual(string.Join(',', Enumerable.Range(0, 100)), Order(0, 0));
    }

    [Fact]
    public void Every_place_in_a_window_is_equally_likely()
    {
        int[] first = new int[8];
        for (int seed = 0; seed < 4000; seed++)
            first[(int)new BatchOrder(8, 8, seed).Read(new ExampleList(SomeExamples.Of(8)), 0, BatchPosition.Start, CancellationToken.None).First().Examples[0].TimeMs]++;
        Assert.All(first, n => Assert.InRange(n, 400, 600)); // 500 expected, standard deviation 21
    }
}
