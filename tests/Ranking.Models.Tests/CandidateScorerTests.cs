using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Models.Networks;
using Ranking.Models.Scoring;
using Ranking.Models.TokenMixerLarge;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Tests;

public class CandidateScorerTests
{
    static readonly TokenMixerLargeSettings Base = new() { Dim = 16, MixedTokens = 4, Expansion = 2, Layers = 3, DownScale = 1 };

    public static TheoryData<string> Variants() => [.. Settings.Keys];

    static readonly Dictionary<string, TokenMixerLargeSettings> Settings = new()
    {
        ["C"] = Base,
        ["B"] = Base with { Reading = BlockReading.B },
        ["H not T, odd widths"] = Base with { Dim = 30, MixedTokens = 6, Expansion = 1.3 },
        ["per-token norm"] = Base with { NormPerToken = true, Reading = BlockReading.B },
        ["batch norms"] = Base with { Layers = 1, Norm = BlockNorm.Batch, GatedNorm = true, InputNorm = true, Readout = TokenReadout.Concat },
        ["cross in front"] = Base with { Cross = CrossPlace.Front, Readout = TokenReadout.Global },
        ["cross beside"] = Base with { Cross = CrossPlace.Beside, InputNorm = true, TokenizerDepth = 2 },
        ["towers, no global token"] = Base with { TowerHidden = [12, 5], GlobalToken = false, FinalNorm = false, InterLayerGap = 0 },
        ["experts"] = Base with { Experts = 8, ActiveExperts = 4 },
        ["experts, B"] = Base with { Experts = 4, ActiveExperts = 2, Reading = BlockReading.B, GateScale = 1.5 },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Plain_loops_score_as_the_network_does(string variant)
    {
        const int examples = 13, tasks = 2;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        TokenMixerLargeSettings settings = Settings[variant];
        InputShape shape = InputShape.OfGroups([5, 17, 3]);
        using ParameterSet parameters = new(3);
        TokenMixerLargeNetwork network = new(shape, tasks, settings, parameters);
        using Generator generator = new(5);
        // Norms and biases start as ones and zeros, which would hide a mistake.
        foreach (string name in parameters.Names)
            parameters.Set(name, parameters[name] + 0.2 * rand(parameters[name].shape, generator: generator));
        float[] x = rand([examples, shape.Width], generator: generator).data<float>().ToArray();
        for (int b = 1; b < examples; b++) x.AsSpan(0, 5).CopyTo(x.AsSpan(b * shape.Width)); // Group 0 is the user's.
        using ForwardPass pass = ForwardPass.Score();
        float[] expected = network.Forward(new NetworkInput(tensor(x, [examples, shape.Width])), pass).Logits_BK.data<float>().ToArray();

        TokenMixerScorer scorer = new(shape, tasks, settings, parameters);
        ScoringBuffers buffers = new();
        float[] plain = new float[examples * tasks], cached = new float[examples * tasks];
        scorer.Forward(examples, (float[])x.Clone(), [false, false, false], (_, _) => default, plain, buffers);
        Close(expected, plain, 1e-5);

        // The user's group once, the second group from cached tokens except for some candidates.
        float[]?[] tokens = [.. Enumerable.Range(0, examples).Select(b =>
        {
            if (scorer.TokenWidth(1) == 0 || b % 4 == 3) return null;
            float[] token = new float[scorer.TokenWidth(1)];
            scorer.ComputeToken(1, x.AsSpan(b * shape.Width + 5, 17), token, buffers);
            return token;
        })];
        float[] partial = (float[])x.Clone();
        for (int b = 0; b < examples; b++)
        {
            if (b > 0) partial.AsSpan(b * shape.Width, 5).Fill(float.NaN);
            if (tokens[b] is not null) partial.AsSpan(b * shape.Width + 5, 17).Fill(float.NaN);
        }
        scorer.Forward(examples, partial, [true, false, false], (b, g) => g == 1 ? tokens[b] : default(ReadOnlySpan<float>), cached, buffers);
        Close(plain, cached, 1e-6);
    }

    [Theory]
    [InlineData("tokenmixer-large", Pooling.Mean)]
    [InlineData("tokenmixer-large", Pooling.Din)]
    [InlineData("rankmixer", Pooling.Mean)]
    [InlineData("din", Pooling.Mean)]
    public void Requests_score_the_same_with_and_without_cached_tokens_and_as_in_training(string kind, Pooling pooling)
    {
        FeatureLayout layout = Problem.Layout(pooling: pooling);
        using RankingModel model = Trained(layout, new ModelSpec(kind, D: 16, H: 4));
        CandidateScorer scorer = new(model, spread: true);
        Random random = new(4);
        FeatureVector[] candidates = [.. Enumerable.Range(0, 137).Select(i => Problem.Vector(layout, random, 3, i + 60))]; // 60…: some were never seen.
        float[] expected = model.Score(candidates), plain = scorer.Score(candidates);
        Close(expected, plain, 1e-5);
        Assert.Equal(new CandidateScorer(model).Score(candidates), plain); // bit for bit, however many threads
        Assert.Equal(kind == "tokenmixer-large" && pooling == Pooling.Mean ? 2 * 16 * sizeof(float) : 0, scorer.ItemTokenBytes);
        if (scorer.ItemTokenBytes == 0) return;
        byte[]?[] tokens = [.. candidates.Select((c, i) => i % 5 == 0 ? null : scorer.ComputeItemToken(c))];
        Close(plain, scorer.Score(candidates, tokens), 1e-6);
        tokens[1] = new byte[3];
        Assert.Throws<ArgumentException>(() => scorer.Score(candidates, tokens));
        tokens[1] = [.. Enumerable.Repeat((byte)0xFF, scorer.ItemTokenBytes)]; // NaN
        Assert.Throws<ArgumentException>(() => scorer.Score(candidates, tokens));
    }

    [Fact]
    public void Scoring_is_the_same_from_many_threads_and_leaks_no_tensor()
    {
        FeatureLayout layout = Problem.Layout();
        using RankingModel model = Trained(layout, new ModelSpec(D: 16, H: 4));
        CandidateScorer scorer = new(model);
        Random random = new(4);
        FeatureVector[][] requests = [.. Enumerable.Range(0, 16).Select(r => Enumerable.Range(0, 5 + r).Select(i => Problem.Vector(layout, random, r, i)).ToArray())];
        float[][] expected = [.. requests.Select(r => scorer.Score(r))];
        Parallel.For(0, 400, i => Assert.Equal(expected[i % 16], scorer.Score(requests[i % 16])));

        model.Score(requests[0]);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 50; i++) model.Score(requests[i % 16]);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    static RankingModel Trained(FeatureLayout layout, ModelSpec spec)
    {
        RankingModel model = new(layout, spec, 1);
        using ModelTrainer trainer = new(model, new TrainingSpec());
        foreach (Example[] batch in Problem.Examples(layout, 1024, 2).Chunk(128)) trainer.TrainStep(batch);
        return model;
    }

    static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(1, largest), $"{i}: expected {expected[i]}, found {actual[i]}");
    }
}
