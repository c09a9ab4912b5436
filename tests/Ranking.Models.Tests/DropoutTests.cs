using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Tests;

/// <summary>What is dropped is a function of seed and step, on whatever device.</summary>
[Collection("card")]
public class DropoutTests
{
    static Device Named(string device)
    {
        if (device == "cpu") return CPU;
        if (!cuda.is_available()) Assert.Skip($"the libtorch in {Torch.LoadedFrom} finds no CUDA device");
        return CUDA;
    }

    static float[][] Draws(Device device, ulong seed, long step, int count = 2)
    {
        using DisposeScope scope = NewDisposeScope();
        using ForwardPass pass = ForwardPass.Train(seed, step, device);
        Tensor x = ones([300, 170], ScalarType.Float32, device);
        return [.. Enumerable.Range(0, count).Select(_ => pass.Dropout(x, 0.2).cpu().data<float>().ToArray())];
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void Seed_and_step_alone_say_what_is_dropped(string name)
    {
        Device device = Named(name);
        float[][] draws = Draws(device, 7, 3);
        Assert.NotEqual(draws[0], draws[1]);
        using (rand([1000], device: device)) { } // somebody else draws in between
        Assert.Equal(draws, Draws(device, 7, 3));
        Assert.Equal(draws[0], Draws(device, 7, 3, 1)[0]);
        Assert.NotEqual(draws[0], Draws(device, 7, 4)[0]);
        Assert.NotEqual(draws[0], Draws(device, 8, 3)[0]);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void A_fifth_becomes_zero_and_the_mean_stays(string name)
    {
        float[] values = Draws(Named(name), 7, 3)[0];
        Assert.All(values, v => Assert.True(v is 0 or 1.25f, $"found {v}"));
        // Five standard deviations of a draw of 51,000.
        Assert.InRange(values.Count(v => v == 0) / (double)values.Length, 0.2 - 0.0089, 0.2 + 0.0089);
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cuda")]
    public void A_model_with_dropout_learns_and_learns_the_same_again(string name)
    {
        Device device = Named(name);
        FeatureLayout layout = Problem.Layout();
        Example[] examples = Problem.Examples(layout, 2000, 1);
        float[][] runs = new float[2][];
        for (int run = 0; run < 2; run++)
        {
            using RankingModel model = new(layout, new ModelSpec(D: 16, H: 4, L: 2, Dropout: 0.1, ReadoutDropout: 0.1, TokenizerInit: 0.5), 1, device);
            using ModelTrainer trainer = new(model, new TrainingSpec());
            runs[run] = [.. Enumerable.Range(0, 6).SelectMany(_ => examples.Chunk(200)).Select(b => trainer.TrainStep(b).Loss)];
        }
        Assert.True(runs[0][^10..].Average() < runs[0][..10].Average() - 0.03f, $"loss went from {runs[0][..10].Average()} to {runs[0][^10..].Average()}");
        // Sums on a card may run in another order; another mask would show in the first loss.
        Assert.Equal(runs[0][0], runs[1][0], 1e-5f);
        if (name == "cpu") Assert.Equal(runs[0], runs[1]);
    }
}
