using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Networks;
using Ranking.Models.RankMixer;
using static TorchSharp.torch;

namespace Ranking.Models.Tests;

public class ReluRoutedMoeTests
{
    static readonly RankMixerSettings Settings = new() { Dim = 16, Tokens = 4, Layers = 2, Expansion = 2, Experts = 8, ActiveShare = 0.25 };

    [Fact]
    public void Open_gates_make_the_mixture_the_dense_feed_forward()
    {
        InputShape input = InputShape.OfGroups([13, 7]);
        using ParameterSet mixture = new(1, ScalarType.Float64), dense = new(2, ScalarType.Float64);
        RankMixerNetwork ours = new(input, 2, Settings, mixture), plain = new(input, 2, Settings with { Experts = 0 }, dense);
        using IDisposable scope = NewDisposeScope(), off = no_grad();
        foreach (string name in mixture.ParameterNames)
        {
            if (name.EndsWith("router.weight", StringComparison.Ordinal)) mixture[name].zero_();
            // The output's bias is shared out among the experts.
            else if (name.EndsWith(".b2", StringComparison.Ordinal)) mixture.Set(name, (dense[name].normal_(0, 1).unsqueeze(1) / Scalars.Held(8)).expand(4, 8, 16));
            else if (!name.EndsWith("router.bias", StringComparison.Ordinal)) mixture.Set(name, dense[name]);
        }
        using ForwardPass pass = ForwardPass.Score();
        NetworkInput x = new(randn([5, 20], float64));
        Tensor difference = ours.Forward(x, pass).Logits_BK - plain.Forward(x, pass).Logits_BK;
        Assert.InRange(difference.abs().max().item<double>(), 0, 1e-12);
    }

    [Fact]
    public void Training_steers_to_the_share_of_experts_and_scoring_uses_the_sparse_router_alone()
    {
        FeatureLayout layout = Problem.Layout();
        ModelSpec spec = new(Kind: "rankmixer", D: 16, H: 4, L: 2, N: 2, Experts: 8, ActiveShare: 0.25, AuxWeight: 1);
        using RankingModel model = new(layout, spec, 1);
        using ModelTrainer trainer = new(model, new TrainingSpec()) { ReportsLoads = true };
        Example[] examples = Problem.Examples(layout, 8192, 1);
        List<double> shares = [];
        for (int epoch = 0; epoch < 8; epoch++)
            foreach (Example[] batch in examples.Chunk(256))
            {
                IReadOnlyList<ExpertLoad> loads = trainer.TrainStep(batch).Loads;
                Assert.Equal(["block1", "block2"], loads.Select(l => l.Layer));
                shares.Add(loads.Average(l => l.Counts.Sum() / (double)(4 * 8 * batch.Length)));
            }
        Assert.InRange(shares[0], 0.6, 1); // Gates start open.
        Assert.InRange(shares.TakeLast(64).Average(), 0.15, 0.35);

        FeatureVector[] vectors = [.. examples.Take(20).Select(e => e.Features)];
        float[] before = model.Score(vectors);
        using (no_grad())
            foreach (string name in model.Parameters.ParameterNames.Where(n => n.Contains("dense_router", StringComparison.Ordinal))) model.Parameters[name].zero_();
        Assert.Equal(before, model.Score(vectors));
    }

    [Fact]
    public void A_width_that_the_experts_do_not_divide_is_refused() =>
        Assert.Contains("experts: found 5", Assert.Throws<ArgumentException>(() => (Settings with { Experts = 5 }).Validated()).Message, StringComparison.Ordinal);
}
