using BenchmarkDotNet.Attributes;
using Ranking.Features.Examples;
using Ranking.Models;

namespace Ranking.Benchmarks;

/// <summary>One user's 200 candidates by the KuaiRand model, trained on the log's first examples: with cached item tokens, without, and by torch.</summary>
public class ScoreBenchmarks
{
    private const int Candidates = 200;
    private FeatureVector[] _candidates = [];
    private byte[]?[] _tokens = [];
    private RankingModel _model = null!;
    private CandidateScorer _scorer = null!;

    [GlobalSetup]
    public void Setup()
    {
        Example[] examples = [.. KuaiRand.Run(KuaiRand.Events(40_000), 1).Examples];
        _model = new RankingModel(KuaiRand.Plan.Layout, KuaiRand.Plan.Spec.Model, 1);
        using (ModelTrainer trainer = new(_model, KuaiRand.Plan.Spec.Training))
        {
            foreach (Example[] batch in examples.Chunk(512))
                trainer.TrainStep(batch);
        }
        // User-side groups are read from the first candidate alone, so that others' users do not matter.
        _candidates = [.. examples.DistinctBy(e => e.Item).TakeLast(Candidates).Select(e => e.Features)];
        _scorer = new CandidateScorer(_model);
        _tokens = [.. _candidates.Select(_scorer.ComputeItemToken)];
        Console.WriteLine($"// {examples.Length} examples, {_model.Tables.Values.Sum(t => t.Count)} rows in tables, {_scorer.ItemTokenBytes} bytes a token");
    }

    [GlobalCleanup]
    public void Cleanup() => _model.Dispose();

    [Benchmark(Baseline = true)]
    public float[] Cached_tokens() => _scorer.Score(_candidates, _tokens);

    [Benchmark]
    public float[] No_tokens() => _scorer.Score(_candidates);

    [Benchmark]
    public float[] Torch() => _model.Score(_candidates);
}
