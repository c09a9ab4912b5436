namespace Ranking.Models.Cuda;

/// <summary>
/// Times the backbone on a card: one JSON object a line with the keys of the PyTorch peer (kind, mode, weights, part, ms, ms_min,
/// samples_per_s, tflops_active, mfu, params_m, gib), medians by CUDA events after warm-up, random inputs.
/// </summary>
public static class ModelBench
{
    /// <summary>What to time.</summary>
    /// <param name="Shape">Size; <see cref="BackboneShape.Experts"/> is used for the sparse kind.</param>
    public sealed record Options(BackboneShape Shape)
    {
        /// <summary>dense, moe or both.</summary>
        public IReadOnlyList<string> Kinds { get; init; } = ["dense", "moe"];
        /// <summary>Timed runs of each part.</summary>
        public int Repeats { get; init; } = 20;
        /// <summary>TFLOP/s by which MFU is divided (989: dense bf16 of an H100 or H200).</summary>
        public double Peak { get; init; } = 989;
        /// <summary>Also a line with milliseconds by kind of launch.</summary>
        public bool Profile { get; init; }
    }

    /// <summary>Runs and gives one object a line: the card, then every part of every kind.</summary>
    /// <exception cref="CudaException">There is no card that the kernels run on, or its memory is too small.</exception>
    public static void Run(Options options, Action<IReadOnlyDictionary<string, object>> line)
    {
        using CudaDevice device = CudaDevice.TryOpen(out string reason) ?? throw new CudaException(reason);
        line(new Dictionary<string, object> { ["gpu"] = device.Name, ["cuda"] = device.DriverVersion / 1000.0, ["kernels"] = "ranking" });
        foreach (string kind in options.Kinds)
            Time(device, kind, kind == "moe" ? options.Shape : options.Shape with { Experts = 1, Active = 1, Alpha = null }, options, line);
    }

    static void Time(CudaDevice device, string kind, BackboneShape shape, Options options, Action<IReadOnlyDictionary<string, object>> line)
    {
        using var backbone = new CudaBackbone(device, shape, seed: 1);
        var random = new Random(7);
        float[] tokens = new float[(long)shape.Batch * shape.Tokens * shape.Width], labels = new float[shape.Batch];
        for (int i = 0; i + 1 < tokens.Length; i += 2) (tokens[i], tokens[i + 1]) = Normal(random);
        for (int i = 0; i < labels.Length; i++) labels[i] = random.NextDouble() < 0.3 ? 1 : 0;
        backbone.SetBatch(tokens, labels);
        double active = shape.MatrixParameters * (double)shape.Active / shape.Experts;
        foreach ((string part, Action run, int flops) in ((string, Action, int)[])
                 [("step", backbone.Step, 6), ("step graph", backbone.StepGraph, 6), ("fwd+bwd", backbone.ForwardBackward, 6), ("fwd", backbone.Infer, 2), ("fwd graph", backbone.InferGraph, 2)])
        {
            double[] ms = Times(backbone, run, options.Repeats);
            double median = ms[ms.Length / 2], tflops = flops * active * shape.Batch / median / 1e9;
            line(new Dictionary<string, object>
            {
                ["kind"] = kind,
                ["mode"] = "ranking",
                ["weights"] = "bf16",
                ["part"] = part,
                ["ms"] = Math.Round(median, 2),
                ["ms_min"] = Math.Round(ms[0], 2),
                ["samples_per_s"] = Math.Round(shape.Batch / median * 1e3),
                ["tflops_active"] = Math.Round(tflops),
                ["mfu"] = Math.Round(tflops / options.Peak, 4),
                ["params_m"] = Math.Round(shape.MatrixParameters / 1e6),
                ["gib"] = Math.Round(backbone.Bytes / 1073741824.0, 1),
            });
        }
        if (options.Profile)
            line(new Dictionary<string, object> { ["kind"] = kind, ["profile_ms"] = backbone.ProfileStep().ToDictionary(p => p.Key, p => Math.Round(p.Value, 2)) });
    }

    static double[] Times(CudaBackbone backbone, Action run, int repeats)
    {
        for (int i = 0; i < 4; i++) run();
        double[] times = [.. Enumerable.Range(0, repeats).Select(_ => CudaTimer.Milliseconds(backbone.Stream, run))];
        Array.Sort(times);
        return times;
    }

    static (float, float) Normal(Random random)
    {
        double r = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())), a = 2 * Math.PI * random.NextDouble();
        return ((float)(r * Math.Cos(a)), (float)(r * Math.Sin(a)));
    }
}
