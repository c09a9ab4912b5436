using System.ComponentModel.DataAnnotations;

namespace Ranking.Features.Spec;

/// <summary>The model's settings; symbols as in papers/tokenmixer-large.md.</summary>
/// <param name="Kind">Which model: <c>tokenmixer-large</c>, <c>rankmixer</c>, <c>lr</c>, <c>fm</c>, <c>dnn</c> and so on.</param>
/// <param name="Reading">TokenMixer-Large: which reading of the block, C (Figure 1) or B (equations).</param>
/// <param name="D">Token width.</param>
/// <param name="H">Mixed tokens; divides D.</param>
/// <param name="L">Blocks.</param>
/// <param name="N">Hidden expansion of a block's feed-forward.</param>
/// <param name="Gap">An inter-layer residual every so many blocks; 0 for none.</param>
/// <param name="AuxWeight">Weight λ of the auxiliary losses.</param>
/// <param name="DownInit">Scale of the initial down matrices.</param>
/// <param name="TokenizerInit">Scale of the initial tokenizer, times PyTorch's default for a linear layer.</param>
/// <param name="FeedForwardInit">Scale of the initial up and gate matrices, times Xavier's.</param>
/// <param name="Dropout">Dropout in the feed-forward's hidden layer.</param>
/// <param name="Experts">Sparse per-token mixture: experts E; 0 for a dense model. RankMixer: experts of its ReLU-routed mixture.</param>
/// <param name="Active">Active experts k, the shared one included.</param>
/// <param name="Alpha">Gate scale; by default E / k.</param>
/// <param name="Hidden">Hidden layers of the rivals that have some.</param>
/// <param name="Cross">TokenMixer-Large: where cross layers (DCN-V2) on the raw input stand.</param>
/// <param name="CrossLayers">How many of them.</param>
/// <param name="Norm">TokenMixer-Large: norm inside the blocks. Networks with hidden layers: batch puts a BatchNorm before each activation, rms none.</param>
/// <param name="NormPerToken">Whether each token has a γ of its own.</param>
/// <param name="GatedNorm">Whether the gated hidden product passes a BatchNorm; dense models only.</param>
/// <param name="InputNorm">Whether the raw input passes a BatchNorm before the tokenizer.</param>
/// <param name="GlobalToken">Whether a token of the whole input leads the others.</param>
/// <param name="TokenizerDepth">Linear layers a token.</param>
/// <param name="Readout">How the last tokens become one vector.</param>
/// <param name="ReadoutDropout">Dropout on that vector.</param>
/// <param name="Towers">Hidden layers of each label's tower; none by default.</param>
/// <param name="BalanceWeight">Weight of the experts' load-balance loss (Switch).</param>
/// <param name="ZLossWeight">Weight of the router's z-loss.</param>
/// <param name="ActiveShare">RankMixer's mixture: the share of its experts that the routers' penalty steers to.</param>
/// <param name="Rounds">LightGBM: trees a label.</param>
/// <param name="Leaves">LightGBM: leaves of a tree.</param>
/// <param name="Shrinkage">LightGBM: what a tree's answer is multiplied by.</param>
public sealed record ModelSpec(
    [AllowedValues("tokenmixer-large", "rankmixer", "lr", "fm", "dnn", "deepfm", "dcnv2", "dlrm", "wukong", "finalmlp", "finalnet", "din",
        "lightgbm", "lightgbm-rank")]
    string Kind = "tokenmixer-large",
    [AllowedValues("C", "B")] string Reading = "C",
    [Range(1, 8192)] int D = 64,
    [Range(1, 256)] int H = 8,
    [Range(1, 64)] int L = 2,
    [Range(0.0, 64.0, MinimumIsExclusive = true)] double N = 1,
    [Range(0, 64)] int Gap = 2,
    [Range(0.0, 100.0)] double AuxWeight = 0.1,
    [Range(0.0, 100.0)] double DownInit = 0.01,
    [Range(0.0, 100.0, MinimumIsExclusive = true)] double TokenizerInit = 1,
    [Range(0.0, 100.0, MinimumIsExclusive = true)] double FeedForwardInit = 1,
    [Range(0.0, 1.0, MaximumIsExclusive = true)] double Dropout = 0,
    [Range(0, 1024)] int Experts = 0,
    [Range(0, 1024)] int Active = 0,
    [Range(0.0, 1024.0, MinimumIsExclusive = true)] double? Alpha = null,
    [Range(1, 65536)] IReadOnlyList<int>? Hidden = null,
    [AllowedValues("none", "front", "beside")] string Cross = "none",
    [Range(1, 64)] int CrossLayers = 2,
    [AllowedValues("rms", "batch")] string Norm = "rms",
    bool NormPerToken = false,
    bool GatedNorm = false,
    bool InputNorm = false,
    bool GlobalToken = true,
    [Range(1, 16)] int TokenizerDepth = 1,
    [AllowedValues("mean", "concat", "global")] string Readout = "mean",
    [Range(0.0, 1.0, MaximumIsExclusive = true)] double ReadoutDropout = 0,
    [Range(1, 65536)] IReadOnlyList<int>? Towers = null,
    [Range(0.0, 100.0)] double BalanceWeight = 0,
    [Range(0.0, 100.0)] double ZLossWeight = 0,
    [Range(0.0, 1.0, MinimumIsExclusive = true)] double ActiveShare = 0.25,
    [Range(1, 100_000)] int Rounds = 200,
    [Range(2, 10_000)] int Leaves = 31,
    [Range(0.0, 1.0, MinimumIsExclusive = true)] double Shrinkage = 0.05)
{
    /// <summary>Hidden layers of the rivals that have some.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = Hidden ?? [256, 128];

    /// <summary>Hidden layers of each label's tower.</summary>
    public IReadOnlyList<int> Towers { get; init; } = Towers ?? [];
}

/// <summary>The training's settings.</summary>
/// <param name="Batch">Examples a batch.</param>
/// <param name="Epochs">Passes over the examples; a stream is read once.</param>
/// <param name="Optimizer">Of dense parameters: adagrad, adam or adamw.</param>
/// <param name="DenseRate">Learning rate of dense parameters.</param>
/// <param name="SparseRate">Learning rate of the ID tables (Adagrad).</param>
/// <param name="Schedule">How the rates change: constant or cosine (to zero at the end; a stream, whose end is not known, keeps its rates).</param>
/// <param name="Warmup">Batches over which the rates rise from zero.</param>
/// <param name="WeightDecay">Decay of dense parameters.</param>
/// <param name="EmbeddingDecay">L2 decay of the rows that a batch touches.</param>
/// <param name="ClipNorm">Gradients are scaled down to this norm; 0 never.</param>
/// <param name="Ema">Weights are averaged with this factor a step; 0 never.</param>
/// <param name="ShuffleWindow">Examples are shuffled, by seed, within windows of so many; 0 keeps event time.</param>
/// <param name="Patience">Epochs without a better validation AUC before training stops; 0 never.</param>
/// <param name="GateAuc">A later version is promoted if its validation AUC is at least the promoted one's less this.</param>
/// <param name="Seed">Seed of everything random.</param>
public sealed record TrainingSpec(
    [Range(1, 1_000_000)] int Batch = 512,
    [Range(1, 10_000)] int Epochs = 1,
    [AllowedValues("adagrad", "adam", "adamw")] string Optimizer = "adagrad",
    [Range(0.0, 100.0)] double DenseRate = 0.01,
    [Range(0.0, 100.0)] double SparseRate = 0.05,
    [AllowedValues("constant", "cosine")] string Schedule = "constant",
    [Range(0, int.MaxValue)] int Warmup = 0,
    [Range(0.0, 100.0)] double WeightDecay = 0,
    [Range(0.0, 100.0)] double EmbeddingDecay = 0,
    [Range(0.0, double.MaxValue)] double ClipNorm = 0,
    [Range(0.0, 1.0, MaximumIsExclusive = true)] double Ema = 0,
    [Range(0, int.MaxValue)] int ShuffleWindow = 0,
    [Range(0, 10_000)] int Patience = 0,
    [Range(-1.0, 1.0)] double GateAuc = 0.001,
    [Range(0, int.MaxValue)] int Seed = 1);
