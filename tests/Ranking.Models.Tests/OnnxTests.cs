using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Export;
using Ranking.Models.Networks;
using Ranking.Models.Tables;

namespace Ranking.Models.Tests;

/// <summary>ONNX Runtime gives the product's scores from the exported files alone; trained weights, so that every part counts.</summary>
public class OnnxTests
{
    static readonly ModelSpec Small = new(D: 16, H: 4, TokenizerInit: 0.5, DownInit: 1, Hidden: [32, 16]);

    public static TheoryData<string> Kinds() => [.. NetworkKind.All.Select(k => k.Name)];

    public static TheoryData<string, ModelSpec> Settings() => new()
    {
        { "reading B, gap 1, H ≠ T", Small with { Reading = "B", Gap = 1, L = 3, H = 8 } },
        { "BatchNorm everywhere", Small with { Norm = "batch", GatedNorm = true, InputNorm = true } },
        { "cross in front, global readout, two tokenizer layers", Small with { Cross = "front", Readout = "global", TokenizerDepth = 2, NormPerToken = true } },
        { "cross beside, concat readout, towers", Small with { Cross = "beside", Readout = "concat", Towers = [12] } },
        { "no global token", Small with { GlobalToken = false, N = 2 } },
        { "sparse 1:2", Small with { Experts = 8, Active = 4, N = 2 } },
        { "sparse, two active, gate scale, reading B", Small with { Experts = 4, Active = 2, Alpha = 3, Reading = "B" } },
        { "rankmixer with experts", Small with { Kind = "rankmixer", Experts = 4, H = 8 } },
        { "dcnv2, three cross layers", Small with { Kind = "dcnv2", L = 3 } },
        { "wukong, three layers", Small with { Kind = "wukong", L = 3 } },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_scores_the_same_in_another_runtime(string kind)
    {
        Same(Small with { Kind = kind }, Layout(3));
        Same(Small with { Kind = kind, Norm = "batch" }, Layout(3));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_scores_KuaiRand_the_same_in_another_runtime(string kind)
    {
        RankingSpec spec = SpecReader.Read(Path.Combine(Repository.Root, "features/kuairand"));
        Same(spec.Model with { Kind = kind, D = 16, Hidden = [32, 16] }, FeatureLayout.Of(spec), batches: 4);
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Settings_score_the_same_in_another_runtime(string what, ModelSpec spec) => Same(spec, Layout(what.Length % 3 + 1));

    [Fact]
    public void Attention_and_sampled_negatives_score_the_same_in_another_runtime() => Same(Small, Layout(2, Pooling.Din), kept: 0.1);

    static FeatureLayout Layout(int tasks, Pooling pooling = Pooling.Mean) => Problem.Layout(tasks, new TableSpec(8, Admission: 3), pooling);

    static void Same(ModelSpec spec, FeatureLayout layout, int batches = 16, double kept = 1)
    {
        using RankingModel model = new(layout, spec, 5);
        using ModelTrainer trainer = new(model, new TrainingSpec());
        foreach (Example[] batch in Problem.Examples(layout, 64 * batches, 1).Chunk(64)) trainer.TrainStep(batch);
        using Folder folder = new();
        IReadOnlyList<OnnxInput> inputs = ModelExport.Write(model, folder.Path, "small@1", kept).Inputs;

        // More users and items than were trained on: ids without a row, and batches of other sizes.
        FeatureVector[] vectors = [.. Problem.Examples(layout, 33, 2, users: 70, items: 120).Select(e => e.Features)];
        float[] expected = [.. model.Score(vectors).Select(p => (float)(p / (p + (1 - p) / kept)))];
        using InferenceSession session = new(folder.File("model.onnx"));
        Assert.Equal(inputs.Select(i => i.Name).Order(), session.InputMetadata.Keys.Order());
        float[] found = [.. vectors.Chunk(11).SelectMany(chunk =>
        {
            using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([.. inputs.Select(i => Value(model, i, chunk))]);
            return outputs.Single(o => o.Name == "scores").AsTensor<float>().ToArray();
        })];
        Assert.Equal(expected.Length, found.Length);
        Assert.True(expected.Max() - expected.Min() > 0.001, "the scores hardly differ, so the test would show nothing");
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], found[i], 1e-5f);
    }

    [Fact]
    public async Task The_checker_of_onnx_accepts_every_graph()
    {
        using Folder folder = new();
        (string, ModelSpec)[] all = [.. NetworkKind.All.Select(k => (k.Name, Small with { Kind = k.Name })), .. Settings().Select(s => (s.Data.Item1, s.Data.Item2))];
        foreach (Pooling pooling in (Pooling[])[Pooling.Mean, Pooling.Din])
        {
            FeatureLayout layout = Problem.Layout(2, pooling: pooling);
            foreach ((string name, ModelSpec spec) in all)
            {
                using RankingModel model = new(layout, spec, 1);
                ModelExport.Write(model, Directory.CreateDirectory(folder.File($"{pooling} {name}")).FullName, name);
            }
        }
        const string Python = "/usr/bin/python3", Script = """
            import sys, glob
            try: import onnx
            except ImportError: sys.exit(3)
            files = glob.glob(sys.argv[1] + '/*/model.onnx')
            for file in files: onnx.checker.check_model(file, full_check=True)
            print(len(files))
            """;
        // Debian's own, whose packages apt installs.
        ProcessStartInfo start = new(Python, ["-c", Script, folder.Path]) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (!File.Exists(Python)) Assert.Skip($"{Python} is absent");
        using Process python = Process.Start(start)!;
        Task<string> error = python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (python.ExitCode == 3) Assert.Skip("package python3-onnx is absent");
        Assert.True(python.ExitCode == 0, await error);
        Assert.Equal(2 * all.Length, int.Parse(output, CultureInfo.InvariantCulture));
    }

    static NamedOnnxValue Value(RankingModel model, OnnxInput input, FeatureVector[] vectors)
    {
        FeatureColumn column = model.Layout.Columns.First(c => c.Feature == input.Name);
        if (input.Table is null)
        {
            DenseTensor<float> numbers = new([vectors.Length, column.Width]);
            for (int b = 0; b < vectors.Length; b++)
                for (int i = 0; i < column.Width; i++) numbers[b, i] = vectors[b].Numbers[column.Index + i];
            return NamedOnnxValue.CreateFromTensor(input.Name, numbers);
        }
        IdTable table = model.Tables[input.Table];
        Dictionary<string, int> places = table.Ids().Select((id, i) => (id.Id, i)).ToDictionary(p => p.Id, p => p.i);
        int width = Math.Max(1, vectors.Max(v => v.IdsOf(column.Index).Length));
        DenseTensor<long> rows = new([vectors.Length, width]);
        for (int b = 0; b < vectors.Length; b++)
        {
            ReadOnlySpan<string> ids = vectors[b].IdsOf(column.Index);
            for (int i = 0; i < width; i++) rows[b, i] = i >= ids.Length ? -1 : places.TryGetValue(ids[i], out int row) ? row : table.Count;
        }
        return NamedOnnxValue.CreateFromTensor(input.Name, rows);
    }
}
