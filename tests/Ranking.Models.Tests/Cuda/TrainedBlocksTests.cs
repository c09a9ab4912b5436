using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Cuda;
using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Tests.Cuda;

/// <summary>The kernels as a part of a model that TorchSharp trains.</summary>
[Collection("card")]
public class TrainedBlocksTests
{
    static void NeedCard()
    {
        using CudaDevice? card = CudaDevice.TryOpen(out string reason);
        if (card is null || !KernelCompiler.IsPresent(out reason)) Assert.Skip(reason);
        if (!cuda.is_available()) Assert.Skip($"the libtorch in {Torch.LoadedFrom} finds no CUDA device");
    }

    static readonly TokenMixerLargeSettings Dense = new() { Dim = 64, MixedTokens = 4, Expansion = 2, Layers = 5, DownScale = 1 };
    static readonly InputShape Input = InputShape.OfGroups([5, 17, 9, 30]);

    public static TheoryData<string, int> Models => new()
    {
        { "dense", 37 },        // two joints with towers
        { "dense", 300 },
        { "wide", 21 },         // H is not T, D / H is 24
        { "all experts", 300 },
        { "sparse", 300 },
        { "no joint", 64 },
    };

    static TokenMixerLargeSettings Named(string name) => name switch
    {
        "wide" => Dense with { Dim = 144, MixedTokens = 6, Layers = 2, Expansion = 1 },
        "all experts" => Dense with { Experts = 4, ActiveExperts = 4, Layers = 3 },
        "sparse" => Dense with { Experts = 4, ActiveExperts = 3, Layers = 3 },
        "no joint" => Dense with { InterLayerGap = 0, Layers = 3 },
        _ => Dense,
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void A_step_on_the_kernels_agrees_with_float64(string name, int batch)
    {
        NeedCard();
        using DisposeScope scope = NewDisposeScope();
        TokenMixerLargeSettings settings = Named(name);
        using ParameterSet expectedSet = new(3, ScalarType.Float64), actualSet = new(3, ScalarType.Float32, CUDA);
        using TokenMixerLargeNetwork expected = new(Input, 2, settings, expectedSet), actual = new(Input, 2, settings, actualSet);
        Assert.StartsWith("ranking kernels", actual.ComputePath, StringComparison.Ordinal);
        // Both start from what bf16 can hold, so that what differs is the arithmetic.
        foreach (string parameter in expectedSet.ParameterNames) expectedSet.Set(parameter, expectedSet[parameter].detach().bfloat16().to(ScalarType.Float64));
        foreach (string parameter in expectedSet.ParameterNames) actualSet.Set(parameter, expectedSet[parameter].detach().to(ScalarType.Float32));
        using Generator generator = new(5, CPU);
        Tensor x_BF = randn([batch, Input.Width], ScalarType.Float64, generator: generator), labels_BK = (rand([batch, 2], ScalarType.Float64, generator: generator) < Scalars.Held(0.3)).to(ScalarType.Float64);
        (double[] Logits, double Loss, Dictionary<string, double[]> Gradients) a = Step(actual, actualSet, x_BF, labels_BK), e = Step(expected, expectedSet, x_BF, labels_BK);
        if (name == "sparse")
        {
            // A bf16 routing sends samples near a tie elsewhere (CudaBackboneTests pins it); the others agree.
            double scale = Norm(e.Logits) / Math.Sqrt(e.Logits.Length);
            Assert.InRange(a.Logits.Zip(e.Logits, (p, q) => Math.Abs(p - q) / scale).Order().ElementAt(e.Logits.Length / 2), 0, 2e-2);
        }
        else Assert.True(Distance(a.Logits, e.Logits) <= 2e-2 * Norm(e.Logits), $"logits are off by {Distance(a.Logits, e.Logits) / Norm(e.Logits):g2}");
        Assert.InRange(a.Loss, e.Loss * 0.99, e.Loss * 1.01);
        (double least, double most) = name == "sparse" ? (0.9, 0.5) : (0.999, 0.1);
        foreach ((string parameter, double[] gradient) in e.Gradients)
        {
            double cosine = a.Gradients[parameter].Zip(gradient, (p, q) => p * q).Sum() / (Norm(a.Gradients[parameter]) * Norm(gradient)), off = Distance(a.Gradients[parameter], gradient) / Norm(gradient);
            Assert.True(cosine >= least && off <= most, $"gradient of {parameter}: cosine {cosine:0.####}, off by {off:g2}");
        }
    }

    static (double[], double, Dictionary<string, double[]>) Step(TokenMixerLargeNetwork network, ParameterSet set, Tensor x_BF, Tensor labels_BK)
    {
        using ForwardPass pass = ForwardPass.Train(1, 1, set.Device);
        Tensor x = x_BF.to(set.Type).to(set.Device).requires_grad_(true);
        NetworkOutput output = network.Forward(new NetworkInput(x), pass);
        Tensor loss = Losses.Of(output, labels_BK.to(set.Type).to(set.Device), null, 0.1, pass);
        pass.Backward(loss);
        Dictionary<string, double[]> gradients = set.ParameterNames.ToDictionary(n => n, n => Values(set[n].grad!));
        gradients.Add("input", Values(x.grad!));
        return (Values(output.Logits_BK), loss.to(ScalarType.Float64).item<double>(), gradients);
    }

    static double[] Values(Tensor t) => t.detach().cpu().to(ScalarType.Float64).contiguous().data<double>().ToArray();

    static double Norm(double[] values) => Math.Sqrt(values.Sum(v => v * v));

    static double Distance(double[] a, double[] b) => Norm([.. a.Zip(b, (x, y) => x - y)]);

    [Fact]
    public void A_smaller_batch_after_a_larger_one_gives_what_it_gives_alone()
    {
        NeedCard();
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(7, CPU);
        Tensor x_BF = randn([300, Input.Width], ScalarType.Float32, generator: generator), labels_BK = (rand([300, 2], ScalarType.Float32, generator: generator) < Scalars.Held(0.5)).to(ScalarType.Float32);
        Dictionary<string, double[]> Gradients(bool after)
        {
            using ParameterSet set = new(3, ScalarType.Float32, CUDA);
            using TokenMixerLargeNetwork network = new(Input, 2, Dense, set);
            if (after) Step(network, set, x_BF, labels_BK);
            foreach (Tensor parameter in set.Parameters) parameter.grad = null;
            return Step(network, set, x_BF.narrow(0, 100, 40), labels_BK.narrow(0, 100, 40)).Item3;
        }
        Dictionary<string, double[]> alone = Gradients(after: false), after = Gradients(after: true);
        foreach ((string name, double[] gradient) in alone) Assert.True(Distance(after[name], gradient) <= 1e-3 * Norm(gradient), name);
    }

    [Fact]
    public void A_model_trained_on_the_card_learns_and_scores_alike_on_the_CPU()
    {
        NeedCard();
        FeatureLayout layout = Problem.Layout();
        ModelSpec spec = new(D: 64, H: 4, L: 3, TokenizerInit: 0.5);
        using RankingModel model = new(layout, spec, 1, CUDA);
        Assert.StartsWith("ranking kernels", model.ComputePath, StringComparison.Ordinal);
        using RankingModel onCpu = new(layout, spec, 1);
        Example[] examples = Problem.Examples(layout, 4000, 1);
        // Mean loss of each pass.
        float[] Train(RankingModel trained)
        {
            using ModelTrainer trainer = new(trained, new TrainingSpec());
            return [.. Enumerable.Range(0, 6).Select(_ => examples.Chunk(256).Select(b => trainer.TrainStep(b).Loss).Average())];
        }
        float[] card = Train(model), cpu = Train(onCpu);
        Assert.True(card[^1] < card[0] - 0.05f, $"loss went from {card[0]} to {card[^1]}");
        foreach ((float a, float b) in card.Zip(cpu)) Assert.Equal(b, a, 0.01f);
        FeatureVector[] vectors = [.. examples.Take(100).Select(e => e.Features)];
        using Folder folder = new();
        model.Save(folder.Path);
        using RankingModel again = RankingModel.Load(folder.Path, layout, spec);
        foreach ((float a, float b) in model.Score(vectors).Zip(again.Score(vectors))) Assert.Equal(a, b, 1e-4f);
    }

    [Theory]
    [InlineData("dropout", "dropout is 0.2")]
    [InlineData("reading", "reading is B")]
    [InlineData("width", "width is 60")]
    [InlineData("n", "n is 1.5")]
    public void Settings_that_the_kernels_do_not_know_are_named(string setting, string expected)
    {
        TokenMixerLargeSettings settings = setting switch
        {
            "dropout" => Dense with { HiddenDropout = 0.2 },
            "reading" => Dense with { Reading = BlockReading.B },
            "width" => Dense with { Dim = 60 },
            _ => Dense with { Expansion = 1.5 },
        };
        Assert.Null(BlockSupport.Shape(settings, 5, 32, out string reason));
        Assert.Contains(expected, reason, StringComparison.Ordinal);
        Assert.NotNull(BlockSupport.Shape(Dense, 5, 32, out reason));
        Assert.Empty(reason);
    }

    [Fact]
    public void On_the_CPU_a_model_says_that_torch_trains_it()
    {
        using RankingModel model = new(Problem.Layout(), new ModelSpec(), 1);
        Assert.Equal("torch (the model is on the CPU)", model.ComputePath);
    }

    [Fact]
    public void A_tensor_s_address_is_where_its_numbers_are()
    {
        using Tensor x = arange(5, ScalarType.Float32);
        unsafe { Assert.Equal(3f, ((float*)DevicePointer.Of(x))[3]); }
    }

    [Fact]
    public void What_layers_do_themselves_runs_after_autograd_the_latest_first()
    {
        using DisposeScope scope = NewDisposeScope();
        using ForwardPass pass = ForwardPass.Train(1, 1);
        Tensor leaf = ones(1, requires_grad: true);
        List<string> order = [];
        pass.AfterBackward(() => order.Add($"first {leaf.grad!.item<float>()}"));
        pass.AfterBackward(() => order.Add("second"));
        pass.Backward((leaf * Scalars.Held(3)).sum());
        Assert.Equal(["second", "first 3"], order);
    }
}
