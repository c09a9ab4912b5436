using System.Globalization;
using System.Text.Json;

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

    /// <summary>Runs; 0 when every kind was timed, 1 with a JSON line that says why not.</summary>
    public static int Run(Options options, TextWriter output)
    {
        using CudaDevice? device = CudaDevice.TryOpen(out string reason);
        if (device is null)
        {
            Line(output, new() { ["failed"] = reason });
            return 1;
        }
        Line(output, new() { ["gpu"] = device.Name, ["cuda"] = device.DriverVersion / 1000.0, ["kernels"] = "ranking" });
        int result = 0;
        foreach (string kind in options.Kinds)
        {
            BackboneShape shape = kind == "moe" ? options.Shape : options.Shape with { Experts = 1, Active = 1, Alpha = null };
            try { Time(device, kind, shape, options, output); }
            catch (CudaException e)
            {
                Line(output, new() { ["kind"] = kind, ["failed"] = e.Message });
                result = 1;
            }
        }
        return result;
    }

    static void Time(CudaDevice device, string kind, BackboneShape shape, Options options, TextWriter output)
    {
        using var backbone = new CudaBackbone(device, shape, seed: 1);
        var random = new Random(7);
        float[] tokens = new float[(long)shape.Batch * shape.Tokens * shape.Width], labels = new float[shape.Batch];
        for (int i = 0; i + 1 < tokens.Length; i += 2) (tokens[i], tokens[i + 1]) = Normal(random);
        for (int i = 0; i < labels.Length; i++) labels[i] = random.NextDouble() < 0.3 ? 1 : 0;
        backbone.SetBatch(tokens, labels);
        double active = shape.MatrixParameters * (double)shape.Active / shape.Experts;
        foreach ((string part, Action run, int flops) in ((string, Action, int)[])
                 [("step", backbone.Step, 6), ("fwd+bwd", backbone.ForwardBackward, 6), ("fwd", backbone.Infer, 2), ("fwd graph", backbone.InferGraph, 2)])
        {
            double[] ms = Times(backbone, run, options.Repeats);
            double median = ms[ms.Length / 2], tflops = flops * active * shape.Batch / median / 1e9;
            Line(output, new()
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
            Line(output, new() { ["kind"] = kind, ["profile_ms"] = backbone.ProfileStep().ToDictionary(p => p.Key, p => Math.Round(p.Value, 2)) });
    }

    static double[] Times(CudaBackbone backbone, Action run, int repeats)
    {
        Driver.Check(Driver.cuEventCreate(out nint start, 0), "cuEventCreate");
        Driver.Check(Driver.cuEventCreate(out nint end, 0), "cuEventCreate");
        for (int i = 0; i < 4; i++) run();
        var times = new double[repeats];
        for (int i = 0; i < repeats; i++)
        {
            Driver.Check(Driver.cuEventRecord(start, backbone.Stream), "cuEventRecord");
            run();
            Driver.Check(Driver.cuEventRecord(end, backbone.Stream), "cuEventRecord");
            Driver.Check(Driver.cuEventSynchronize(end), "waiting for a timed run");
            Driver.Check(Driver.cuEventElapsedTime(out float ms, start, end), "cuEventElapsedTime");
            times[i] = ms;
        }
        _ = Driver.cuEventDestroy_v2(start);
        _ = Driver.cuEventDestroy_v2(end);
        Array.Sort(times);
        return times;
    }

    static (float, float) Normal(Random random)
    {
        double r = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())), a = 2 * Math.PI * random.NextDouble();
        return ((float)(r * Math.Cos(a)), (float)(r * Math.Sin(a)));
    }

    static void Line(TextWriter output, Dictionary<string, object> values)
    {
        output.WriteLine(JsonSerializer.Serialize(values));
        output.Flush();
    }

    /// <summary>Reads <c>--name value</c> pairs (tokens, width, mixed, hidden, layers, batch, experts, active, repeats, kinds, profile).</summary>
    /// <exception cref="ArgumentException">An unknown name or a value that is no number.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string>
        {
            ["tokens"] = "16",
            ["width"] = "1024",
            ["mixed"] = "16",
            ["hidden"] = "2",
            ["layers"] = "4",
            ["batch"] = "4096",
            ["experts"] = "8",
            ["active"] = "4",
            ["repeats"] = "20",
            ["kinds"] = "dense,moe",
            ["profile"] = "0",
        };
        for (int i = 0; i < arguments.Count; i += 2)
        {
            string name = arguments[i].TrimStart('-');
            if (!values.ContainsKey(name)) throw new ArgumentException($"unknown option '{arguments[i]}'; expected one of {string.Join(", ", values.Keys.Select(k => "--" + k))}");
            values[name] = i + 1 < arguments.Count ? arguments[i + 1] : throw new ArgumentException($"{arguments[i]} needs a value");
        }
        int Number(string name) => int.TryParse(values[name], NumberStyles.None, CultureInfo.InvariantCulture, out int n)
            ? n : throw new ArgumentException($"--{name} is '{values[name]}'; expected a number");
        var shape = new BackboneShape
        {
            Tokens = Number("tokens"),
            Width = Number("width"),
            Mixed = Number("mixed"),
            Hidden = Number("hidden"),
            Layers = Number("layers"),
            Batch = Number("batch"),
            Experts = Number("experts"),
            Active = Number("active"),
        };
        string[] kinds = values["kinds"].Split(',');
        if (kinds.FirstOrDefault(k => k is not ("dense" or "moe")) is { } wrong) throw new ArgumentException($"--kinds holds '{wrong}'; expected dense, moe or both");
        return new Options(shape.Validate()) { Kinds = kinds, Repeats = Math.Max(1, Number("repeats")), Profile = Number("profile") != 0 };
    }
}
