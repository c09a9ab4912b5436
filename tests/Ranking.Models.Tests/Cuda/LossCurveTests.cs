using System.Globalization;
using Ranking.Models.Networks;
using Ranking.Models.Optimizers;
using Ranking.Models.TokenMixerLarge;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Tests.Cuda;

/// <summary>Training in bf16 on the kernels against torch in float32, the same batches in the same order.</summary>
[Collection("card")]
public class LossCurveTests
{
    const int Steps = 500, Last = 100;
    static readonly TokenMixerLargeSettings Model = new() { MixedTokens = 16, Expansion = 2 };

    // Some minutes and 40 GB of a card. RANKING_CURVES names a file for the losses: D, rate, seed, path, step, loss a line.
    [Theory(Explicit = true)]
    [InlineData(128, 2, 128, 0.01)]
    [InlineData(1024, 4, 256, 0.01)] // 805 M parameters; the loss begins at 1.0 at this rate
    [InlineData(1024, 4, 256, 0.002)]
    public void The_kernels_curve_stays_within_the_spread_of_seeds(int dim, int layers, int batch, double rate)
    {
        if (!cuda.is_available()) Assert.Skip($"the libtorch in {Torch.LoadedFrom} finds no CUDA device");
        InputShape input = InputShape.OfGroups([.. Enumerable.Repeat(64, 15)]); // and the global token: 16
        List<(double Torch, double Kernels)> ends = [];
        List<string> lines = [];
        for (ulong seed = 1; seed <= 3; seed++)
        {
            using ParameterSet parameters = new(seed, ScalarType.Float32, CUDA);
            using TokenMixerLargeNetwork network = new(input, 1, Model with { Dim = dim, Layers = layers }, parameters);
            Assert.StartsWith("ranking kernels", network.ComputePath, StringComparison.Ordinal);
            Dictionary<string, Tensor> start = parameters.Names.ToDictionary(n => n, n => parameters[n].detach().clone());
            double[] Curve(bool kernels)
            {
                foreach ((string name, Tensor values) in start) parameters.Set(name, values);
                using Adagrad optimizer = new(parameters);
                double[] losses = [.. Enumerable.Range(1, Steps).Select(step => Step(network, parameters, optimizer, input.Width, batch, step, rate, kernels))];
                lines.AddRange(losses.Select((loss, i) => string.Create(CultureInfo.InvariantCulture, $"{dim},{rate},{seed},{(kernels ? "kernels" : "torch")},{i + 1},{loss:0.######}")));
                return losses;
            }
            double[] torchs = Curve(kernels: false), own = Curve(kernels: true);
            foreach (Tensor values in start.Values) values.Dispose();
            ends.Add((torchs[^Last..].Average(), own[^Last..].Average()));
            Assert.True(ends[^1].Torch < torchs[..20].Average() - 0.02, $"nothing was learned: {torchs[..20].Average()} to {ends[^1].Torch}");
        }
        if (Environment.GetEnvironmentVariable("RANKING_CURVES") is { Length: > 0 } file) File.AppendAllLines(file, lines);
        double spread = ends.Max(e => e.Torch) - ends.Min(e => e.Torch);
        Assert.All(ends, e => Assert.True(Math.Abs(e.Torch - e.Kernels) <= spread, $"torch {e.Torch:0.#####}, kernels {e.Kernels:0.#####}, spread of seeds {spread:0.#####}"));
    }

    static double Step(TokenMixerLargeNetwork network, ParameterSet parameters, Adagrad optimizer, int width, int batch, int step, double rate, bool kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor x_BF, Tensor labels_BK) = Batch(width, batch, step);
        using ForwardPass pass = ForwardPass.Train(1, step, CUDA);
        pass.WantsLoads = !kernels; // which the kernels do not report
        Tensor loss = Losses.Of(network.Forward(new NetworkInput(x_BF.to(CUDA)), pass), labels_BK.to(CUDA), null, 0.1, pass);
        pass.Backward(loss);
        optimizer.Step(rate);
        return loss.item<float>();
    }

    // Products across groups and a linear part: something for mixing to find.
    static (Tensor X_BF, Tensor Labels_BK) Batch(int width, int batch, int step)
    {
        using Generator generator = new((ulong)step, CPU);
        Tensor x_BF = randn([batch, width], ScalarType.Float32, generator: generator);
        Tensor linear_B = x_BF.index_select(1, arange(0, width, 60)).sum(1) * Scalars.Held(0.35);
        Tensor products_B = (x_BF.narrow(1, 0, 6) * x_BF.narrow(1, 64, 6)).sum(1) * Scalars.Held(0.6);
        Tensor labels_B = rand([batch], ScalarType.Float32, generator: generator).lt(linear_B.Plus(products_B).sigmoid()).to(ScalarType.Float32);
        return (x_BF, labels_B.unsqueeze(1));
    }
}
