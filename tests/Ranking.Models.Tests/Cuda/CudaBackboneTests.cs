using Ranking.Models.Cuda;

namespace Ranking.Models.Tests.Cuda;

[Collection("card")] // one at a time: a graph's capture on one thread fails where torch works on another
public sealed class CudaBackboneTests : IDisposable
{
    readonly CudaDevice? device;

    public CudaBackboneTests()
    {
        device = CudaDevice.TryOpen(out string reason);
        if (device is null) Assert.Skip(reason);
    }

    public void Dispose() => device?.Dispose();

    static (float[] Tokens, float[] Labels) Batch(BackboneShape shape, int seed)
    {
        var random = new Random(seed);
        float[] tokens = new float[shape.Batch * shape.Tokens * shape.Width], labels = new float[shape.Batch];
        for (int i = 0; i < tokens.Length; i++) tokens[i] = (float)(random.NextDouble() * 4 - 2);
        for (int i = 0; i < labels.Length; i++) labels[i] = random.NextDouble() < 0.3 ? 1 : 0;
        return (tokens, labels);
    }

    static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(v => v * v));

    public static TheoryData<int, int, int, int, int, int, int> Shapes => new()
    {
        { 37, 4, 64, 4, 3, 1, 1 },      // odd batch, inter-layer residual
        { 300, 6, 96, 4, 2, 1, 1 },     // H != T, pieces of 24 columns, two tiles of rows
        { 513, 16, 256, 16, 1, 1, 1 },
        { 20, 3, 1032, 3, 1, 1, 1 },    // a width that fills no whole warp
        { 300, 4, 64, 4, 3, 4, 3 },     // sparse
        { 70, 6, 192, 4, 2, 8, 4 },
        { 5, 2, 128, 2, 1, 8, 8 },      // fewer samples than experts
        { 5, 32, 128, 16, 2, 8, 2 },    // most experts get no row, and every block of a product has several tiles
        { 700, 16, 128, 16, 1, 8, 4 },  // one step of k a tile: the epilogue is what tiles wait for
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Loss_logits_and_every_gradient_agree_with_float64(int batch, int tokens, int width, int mixed, int layers, int experts, int active)
    {
        var shape = new BackboneShape { Batch = batch, Tokens = tokens, Width = width, Mixed = mixed, Layers = layers, Experts = experts, Active = active };
        using var backbone = new CudaBackbone(device!, shape, seed: 5);
        (float[] x, float[] labels) = Batch(shape, 3);
        backbone.SetBatch(x, labels);
        backbone.StoreGradients();
        backbone.Write<byte>("gradients", [.. Enumerable.Repeat((byte)0xff, (int)(shape.MatrixParameters * 2))]); // NaN: every element must be written
        backbone.ForwardBackward();
        float[] logits = backbone.Logits();
        var reference = new BackboneReference(backbone);
        (double[] expected, double loss, double[] inputGrad) = reference.Run([.. x.Select(Round)], labels);
        Assert.True(Norm(logits.Zip(expected, (a, b) => a - b)) <= 2e-2 * Norm(expected), "logits");
        Assert.InRange(backbone.Loss(), loss * 0.99, loss * 1.01);
        foreach (string name in reference.Names) Agree(name, reference.CardGradient(name), reference.Gradient(name));
        Agree("input", InputGrad(backbone), inputGrad);
        backbone.Infer();
        Assert.Equal(logits, backbone.Logits());
        backbone.InferGraph();
        Assert.Equal(logits, backbone.Logits());
    }

    static double[] InputGrad(CudaBackbone backbone)
    {
        BackboneShape s = backbone.Shape;
        ushort[] rows = backbone.Read<ushort>("grad.token", (long)s.Tokens * s.BatchPadded * s.Width, s.PerToken.SharedRow * s.Width);
        double[] values = new double[s.Batch * s.Tokens * s.Width];
        for (int b = 0; b < s.Batch; b++)
            for (int t = 0; t < s.Tokens; t++)
                for (int d = 0; d < s.Width; d++)
                    values[(b * s.Tokens + t) * s.Width + d] = BitConverter.UInt32BitsToSingle((uint)rows[((long)t * s.BatchPadded + b) * s.Width + d] << 16);
        return values;
    }

    static void Agree(string name, double[] card, double[] expected)
    {
        double inner = card.Zip(expected, (a, b) => a * b).Sum(), size = Norm(expected), cosine = inner / (Norm(card) * size);
        if (size < 1e-12 && Norm(card) < 1e-12) return;
        Assert.True(cosine >= 0.998, $"gradient of {name}: cosine {cosine}, norms {Norm(card)} and {size}");
        Assert.True(Norm(card.Zip(expected, (a, b) => a - b)) <= 0.1 * size, $"gradient of {name} is off by more than a tenth");
    }

    static float Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 3)]
    public void The_same_seed_gives_the_same_bits_and_the_loss_falls(int experts, int active)
    {
        var shape = new BackboneShape { Batch = 333, Tokens = 4, Width = 128, Mixed = 4, Layers = 2, Experts = experts, Active = active };
        (float[] x, float[] labels) = Batch(shape, 9);
        float[][] runs = new float[3][];
        for (int run = 0; run < 3; run++)
        {
            using var backbone = new CudaBackbone(device!, shape, seed: 2);
            backbone.SetBatch(x, labels);
            backbone.Step();
            float first = backbone.Loss();
            for (int i = 0; i < 30; i++)
            {
                if (run == 2) backbone.StepGraph(); // the same launches
                else backbone.Step();
            }
            Assert.True(backbone.Loss() < first * 0.8f, $"loss {first} only fell to {backbone.Loss()}");
            runs[run] = backbone.Read<float>("masters", shape.MatrixParameters);
        }
        Assert.Equal(runs[0], runs[1]);
        Assert.Equal(runs[0], runs[2]);
    }

    [Fact(Explicit = true)] // a minute of a card that nobody else uses
    public void Device_memory_is_flat_over_10_000_steps()
    {
        var shape = new BackboneShape { Batch = 512, Tokens = 16, Width = 256, Mixed = 16, Layers = 2, Experts = 8, Active = 4 };
        using var backbone = new CudaBackbone(device!, shape, seed: 2);
        (float[] x, float[] labels) = Batch(shape, 9);
        backbone.SetBatch(x, labels);
        ulong least = 0, most = 0;
        for (int step = 1; step <= 10_000; step++)
        {
            if (step % 2 == 0) backbone.StepGraph();
            else backbone.Step();
            if (step % 100 != 0) continue;
            Assert.True(float.IsFinite(backbone.Loss()));
            Driver.Check(Driver.cuMemGetInfo_v2(out nuint free, out nuint _), "cuMemGetInfo");
            if (step == 100) least = most = free;
            (least, most) = (Math.Min(least, free), Math.Max(most, free));
        }
        Assert.Equal(least, most);
    }

    [Fact]
    public void One_Adagrad_step_is_the_formula()
    {
        var shape = new BackboneShape { Batch = 64, Tokens = 2, Width = 64, Mixed = 2, Layers = 1 };
        using var backbone = new CudaBackbone(device!, shape, seed: 4, learningRate: 0.01f);
        (float[] x, float[] labels) = Batch(shape, 1);
        backbone.SetBatch(x, labels);
        float[] before = backbone.Read<float>("masters", shape.MatrixParameters);
        backbone.ForwardBackward();     // the step itself stores no gradient
        ushort[] gradients = backbone.Read<ushort>("gradients", shape.MatrixParameters);
        backbone.Step();
        ushort[] weights = backbone.Read<ushort>("weights", shape.MatrixParameters);
        float[] after = backbone.Read<float>("masters", shape.MatrixParameters);
        for (int i = 0; i < before.Length; i++)
        {
            double g = BitConverter.UInt32BitsToSingle((uint)gradients[i] << 16), expected = before[i] - 0.01 * g / (Math.Sqrt(g * g) + 1e-10);
            Assert.True(Math.Abs(after[i] - expected) <= 2e-5, $"element {i}: {after[i]}, expected {expected}");
            Assert.Equal(Round(after[i]), BitConverter.UInt32BitsToSingle((uint)weights[i] << 16));
        }
    }

    [Fact]
    public void Too_large_a_batch_is_refused_by_batch_and_model_size()
    {
        var shape = new BackboneShape { Batch = 200_000, Tokens = 32, Width = 2048, Mixed = 32, Layers = 8 };
        Assert.Contains("batch 200000", Assert.Throws<CudaException>(() => new CudaBackbone(device!, shape)).Message, StringComparison.Ordinal);
    }
}
