using CsCheck;
using Ranking.Models.Cuda;

namespace Ranking.Models.Tests.Cuda;

public class BackboneShapeTests
{
    static readonly BackboneShape Sparse = new() { Tokens = 4, Width = 64, Mixed = 4, Layers = 3, Batch = 300, Experts = 4, Active = 3 };

    [Theory]
    [InlineData("width", 100, "width is 100")]
    [InlineData("mixed", 3, "mixed tokens is 3")]
    [InlineData("tokens", 65, "tokens is 65")]
    [InlineData("batch", 0, "batch is 0")]
    [InlineData("active", 5, "active experts is 5")]
    [InlineData("experts", 10, "experts is 10")]
    public void A_size_that_no_kernel_can_run_is_refused_by_name_and_value(string setting, int value, string expected)
    {
        BackboneShape shape = setting switch
        {
            "width" => Sparse with { Width = value },
            "mixed" => Sparse with { Mixed = value },
            "tokens" => Sparse with { Tokens = value },
            "batch" => Sparse with { Batch = value },
            "active" => Sparse with { Active = value },
            _ => Sparse with { Experts = value },
        };
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => shape.Validate()).Message, StringComparison.Ordinal);
    }

    static readonly Gen<BackboneShape> Shapes = Gen.Select(Gen.Int[1, 8], Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 700], Gen.Int[1, 8], Gen.Int[0, 8])
        .Select((tokens, heads, layers, batch, experts, active) => new BackboneShape
        {
            Tokens = tokens,
            Width = heads * 64,
            Mixed = heads,
            Layers = layers,
            Batch = batch,
            Experts = experts,
            Active = experts == 1 ? 1 : 2 + active % (experts - 1),
        });

    [Fact]
    public void Whatever_the_routing_its_padded_rows_fit_the_capacity() => Shapes.Where(s => s.Experts > 1).Select(Gen.Int[0, 1000]).Sample((shape, seed) =>
    {
        // The worst splits leave every expert one row past a tile; random ones must fit as well.
        var random = new Random(seed);
        int[] rows = new int[shape.Routed];
        for (int sample = 0; sample < shape.Batch; sample++)
            foreach (int expert in Enumerable.Range(0, shape.Routed).OrderBy(e => e < random.Next(shape.Routed + 1) ? 0 : 1).ThenBy(_ => random.Next()).Take(shape.Slots)) rows[expert]++;
        int padded = rows.Sum(r => (r + 255) / 256 * 256);
        Assert.True(padded <= shape.Mixing.Capacity, $"{padded} rows, capacity {shape.Mixing.Capacity}");
        Assert.Equal(0, shape.Mixing.Capacity % BackboneShape.RowPadding);
    });

    [Fact]
    public void Every_shared_row_lies_in_a_tile_and_a_range_of_its_group() => Shapes.Sample(shape =>
    {
        foreach (FeedForwardShape f in (FeedForwardShape[])[shape.Mixing, shape.PerToken])
        {
            int[] tiles = f.TileGroups(), ranges = f.Ranges();
            Assert.Equal(f.Rows, tiles.Length * 256L);
            for (int g = 0; g < f.Groups; g++)
                foreach (int sample in (int[])[0, shape.Batch - 1])
                {
                    long row = f.SharedRow + (long)g * shape.BatchPadded + sample;
                    Assert.Equal(g * shape.Experts + shape.Experts - 1, tiles[row / 256]);
                    Assert.Equal(tiles[row / 256], ranges[4 * g + 2]);
                    Assert.InRange(row, ranges[4 * g], ranges[4 * g] + ranges[4 * g + 1] - 1);
                }
        }
    });

    [Fact]
    public void Buffers_do_not_overlap_and_parameters_tile_their_flat_memory() => Shapes.Sample(shape =>
    {
        MemoryPlan plan = BackboneMemory.Plan(shape);
        long end = 0;
        foreach ((long offset, long bytes) in plan.Names.Select(n => plan[n]).OrderBy(r => r.Offset).ThenBy(r => r.Bytes))
        {
            Assert.True(offset >= end && offset % 1024 == 0);
            end = offset + bytes;
        }
        Assert.True(end <= plan.Total);
        long next = 0;
        for (int i = 0; i < 2 * shape.Layers; i++)
        {
            (long upGate, long down) = BackboneMemory.WeightOffsets(shape, i);
            FeedForwardShape f = i % 2 == 0 ? shape.Mixing : shape.PerToken;
            Assert.Equal(next, upGate);
            Assert.Equal(upGate + f.UpGateParameters, down);
            next = down + f.DownParameters;
        }
        Assert.Equal(shape.MatrixParameters, next);
    });

    [Fact]
    public void Pairs_of_blocks_are_no_more_than_their_rounds_need()
    {
        GemmArgs Units(int entries, int superTiles, int nTiles) => new() { Entries = entries, SuperTiles = superTiles, NTiles = nTiles };
        Assert.Equal(64, FeedForward.Pairs(66, Units(16, 4, 16)));  // the up and gate weights of 16 tokens, D 1024
        Assert.Equal(66, FeedForward.Pairs(66, Units(512, 0, 8)));  // rows, no super tiles: 4096 units in 63 rounds
        Gen.Select(Gen.Int[1, 80], Gen.Int[1, 3000], Gen.Int[0, 8], Gen.Int[1, 16]).Sample((available, entries, superTiles, nTiles) =>
        {
            GemmArgs args = Units(entries, superTiles, nTiles);
            int units = entries * Math.Max(1, superTiles) * nTiles, pairs = FeedForward.Pairs(available, args), rounds = (units + available - 1) / available;
            Assert.InRange(pairs, 1, available);
            Assert.Equal(rounds, (units + pairs - 1) / pairs);
            if (pairs > 1) Assert.True((units + pairs - 2) / (pairs - 1) > rounds, "one pair less would do");
        });
    }

    [Fact]
    public void Experts_split_the_hidden_width_so_that_the_parameters_stay()
    {
        BackboneShape dense = new() { Tokens = 16, Width = 1024, Mixed = 16, Layers = 4, Batch = 8192 };
        Assert.Equal(805_306_368, dense.MatrixParameters);
        Assert.Equal(dense.MatrixParameters, (dense with { Experts = 8, Active = 4 }).MatrixParameters);
        Assert.Equal(2f, (dense with { Experts = 8, Active = 4 }).GateScale);
    }

    [Fact]
    public void Without_a_card_the_bench_says_why()
    {
        using CudaDevice? device = CudaDevice.TryOpen(out string reason);
        if (device is not null) Assert.Skip("this machine has a card");
        CudaException error = Assert.Throws<CudaException>(() => ModelBench.Run(new ModelBench.Options(Sparse), _ => Assert.Fail("nothing was timed")));
        Assert.Equal(reason, error.Message);
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void Every_kernel_source_travels_in_the_assembly()
    {
        foreach (string name in (string[])["gemm.cu", "norm.cu", "dense.cu", "routing.cu"])
            Assert.Contains("extern \"C\" __global__", KernelCompiler.Source(name), StringComparison.Ordinal);
    }
}
