using Ranking.Features.Spec;
using Ranking.Models.Networks;

namespace Ranking.Models.TokenMixerLarge;

/// <summary>
/// Every choice of TokenMixer-Large (arXiv 2602.06563), with a default for each that the paper leaves open. Letters: T tokens
/// (the global one included), D token width, H mixed tokens, n hidden expansion, L blocks, E experts, k active experts, α gate scale.
/// </summary>
public sealed record TokenMixerLargeSettings
{
    /// <summary>D. Default 64, small data; the paper uses up to a few thousand.</summary>
    public int Dim { get; init; } = 64;

    /// <summary>H, which must divide D; need not equal T. Default 8.</summary>
    public int MixedTokens { get; init; } = 8;

    /// <summary>L. Default 2.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>n: the feed-forward's hidden width over its token's width. Default 1.</summary>
    public double Expansion { get; init; } = 1;

    /// <summary>Which reading of the block. Default <see cref="BlockReading.C"/>.</summary>
    public BlockReading Reading { get; init; } = BlockReading.C;

    /// <summary>g: every g blocks, below the last one, a lower block's output is added and an auxiliary tower stands. Default 2; 0 is never.</summary>
    public int InterLayerGap { get; init; } = 2;

    /// <summary>λ of the auxiliary towers' mean loss. Default 0.1.</summary>
    public double AuxiliaryWeight { get; init; } = 0.1;

    /// <summary>Whether a token of the whole raw input leads the others. Default yes.</summary>
    public bool GlobalToken { get; init; } = true;

    /// <summary>Norm inside the blocks. Default <see cref="BlockNorm.Rms"/>; <see cref="BlockNorm.Batch"/> helped on Frappe and hurt on KuaiRand.</summary>
    public BlockNorm Norm { get; init; } = BlockNorm.Rms;

    /// <summary>Whether each token has a γ of its own. Default no: one of width D.</summary>
    public bool NormPerToken { get; init; }

    /// <summary>ε inside the root of RMSNorm. Default 1e-6.</summary>
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Whether the gated hidden product passes a BatchNorm before the down projection. Default no.</summary>
    public bool GatedNorm { get; init; }

    /// <summary>Whether the raw input passes a BatchNorm before the tokenizer. Default no.</summary>
    public bool InputNorm { get; init; }

    /// <summary>Linear layers a token; SiLU stands between them. Default 1.</summary>
    public int TokenizerDepth { get; init; } = 1;

    /// <summary>How the tokenizer's weights start. Default <see cref="WeightInit.Linear"/>, which did best on small data; the paper says Xavier.</summary>
    public WeightInit TokenizerInit { get; init; } = WeightInit.Linear;

    /// <summary>Factor on the tokenizer's start. Default 0.5; the strongest setting of all on KuaiRand (0.25 to 0.5 did best).</summary>
    public double TokenizerScale { get; init; } = 0.5;

    /// <summary>Factor on the Xavier start of up and gate. Default 1.</summary>
    public double UpGateScale { get; init; } = 1;

    /// <summary>Factor on the Xavier start of the down matrix. Default 0.01 (the paper's ablation); 1 may be better on small data.</summary>
    public double DownScale { get; init; } = 0.01;

    /// <summary>How the last block's tokens become one vector. Default <see cref="TokenReadout.Mean"/>.</summary>
    public TokenReadout Readout { get; init; } = TokenReadout.Mean;

    /// <summary>Whether an RMSNorm stands before the readout. Default yes.</summary>
    public bool FinalNorm { get; init; } = true;

    /// <summary>Hidden widths of each task's tower, SiLU after each. Default none: one linear layer.</summary>
    public IReadOnlyList<int> TowerHidden { get; init; } = [];

    /// <summary>Cross layers (DCN-V2) on the raw input. Default <see cref="CrossPlace.None"/>.</summary>
    public CrossPlace Cross { get; init; } = CrossPlace.None;

    /// <summary>How many cross layers, where there are any. Default 2.</summary>
    public int CrossLayers { get; init; } = 2;

    /// <summary>Dropout in the feed-forward's hidden layer while training, [0, 1). Default 0.</summary>
    public double HiddenDropout { get; init; }

    /// <summary>Dropout on the readout while training, [0, 1). Default 0.</summary>
    public double ReadoutDropout { get; init; }

    /// <summary>E, the shared one included; must divide the hidden width. Default 0: dense.</summary>
    public int Experts { get; init; }

    /// <summary>k, the shared one included: k − 1 of the E − 1 others are routed. Default 2; only where <see cref="Experts"/> &gt; 0.</summary>
    public int ActiveExperts { get; init; } = 2;

    /// <summary>α. Default null: E / k, the inverse of the sparsity.</summary>
    public double? GateScale { get; init; }

    /// <summary>Weight of the Switch load-balance loss. Default 0: at 1:2 none is needed.</summary>
    public double BalanceWeight { get; init; }

    /// <summary>Weight of the router's z-loss. Default 0.</summary>
    public double ZLossWeight { get; init; }

    /// <summary>The settings of a spec's model.</summary>
    /// <exception cref="ArgumentException">Settings that no model can have.</exception>
    public static TokenMixerLargeSettings Of(ModelSpec model) => new TokenMixerLargeSettings
    {
        Reading = Named<BlockReading>(model.Reading, "reading"),
        Dim = model.D,
        MixedTokens = model.H,
        Layers = model.L,
        Expansion = model.N,
        InterLayerGap = model.Gap,
        AuxiliaryWeight = model.AuxWeight,
        TokenizerScale = model.TokenizerInit,
        UpGateScale = model.FeedForwardInit,
        DownScale = model.DownInit,
        HiddenDropout = model.Dropout,
        Experts = model.Experts,
        ActiveExperts = model.Active > 0 ? model.Active : 2,
        GateScale = model.Alpha,
        Cross = Named<CrossPlace>(model.Cross, "cross"),
        CrossLayers = model.CrossLayers,
        Norm = Named<BlockNorm>(model.Norm, "norm"),
        NormPerToken = model.NormPerToken,
        GatedNorm = model.GatedNorm,
        InputNorm = model.InputNorm,
        GlobalToken = model.GlobalToken,
        TokenizerDepth = model.TokenizerDepth,
        Readout = Named<TokenReadout>(model.Readout, "readout"),
        ReadoutDropout = model.ReadoutDropout,
        TowerHidden = model.Towers,
        BalanceWeight = model.BalanceWeight,
        ZLossWeight = model.ZLossWeight,
    }.Validated();

    static T Named<T>(string name, string setting) where T : struct, Enum => Enum.GetValues<T>().Cast<T?>()
        .FirstOrDefault(v => string.Equals($"{v}", name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"{setting}: found '{name}', expected one of {string.Join(", ", Enum.GetNames<T>())}", setting);

    /// <summary>Refuses settings that no model can have.</summary>
    /// <exception cref="ArgumentException">Names the setting, the value and what was expected.</exception>
    public TokenMixerLargeSettings Validated()
    {
        Setting.AtLeast(1, Dim, "dim");
        Setting.AtLeast(1, MixedTokens, "mixed_tokens");
        Setting.Require(Dim % MixedTokens == 0, "mixed_tokens", MixedTokens, $"a divisor of dim ({Dim})");
        Setting.AtLeast(1, Layers, "layers");
        Setting.Positive(Expansion, "expansion");
        Setting.AtLeast(0, InterLayerGap, "inter_layer_gap");
        Setting.Require(AuxiliaryWeight >= 0 && double.IsFinite(AuxiliaryWeight), "auxiliary_weight", AuxiliaryWeight, "a number ≥ 0");
        Setting.Positive(NormEpsilon, "norm_epsilon");
        Setting.AtLeast(1, TokenizerDepth, "tokenizer_depth");
        Setting.Positive(TokenizerScale, "tokenizer_scale");
        Setting.Positive(UpGateScale, "up_gate_scale");
        Setting.Require(DownScale >= 0 && double.IsFinite(DownScale), "down_scale", DownScale, "a number ≥ 0");
        Setting.Rate(HiddenDropout, "hidden_dropout");
        Setting.Rate(ReadoutDropout, "readout_dropout");
        Setting.Require(TowerHidden.All(w => w > 0), "tower_hidden", string.Join(", ", TowerHidden), "widths ≥ 1");
        if (Cross != CrossPlace.None) Setting.AtLeast(1, CrossLayers, "cross_layers");
        Setting.Require(Readout != TokenReadout.Global || GlobalToken, "readout", Readout, "mean or concat, since global_token is off");
        if (Experts == 0) return this;
        Setting.AtLeast(2, Experts, "experts");
        Setting.Require(ActiveExperts >= 2 && ActiveExperts <= Experts, "active_experts", ActiveExperts, $"2 to experts ({Experts})");
        Setting.Require(!GatedNorm, "gated_norm", GatedNorm, "off where there are experts: an expert sees too few examples of a batch");
        Setting.Require(GateScale is null or > 0, "gate_scale", GateScale, "a number > 0");
        return this;
    }
}

/// <summary>The paper's equations and its Figure 1 disagree; these are the two pre-norm readings.</summary>
public enum BlockReading
{
    /// <summary>Figure 1: <c>Y = X + Revert(F1(Mix(RMS(X))))</c>, <c>X' = Y + F2(RMS(Y))</c>.</summary>
    C,

    /// <summary>The equations: <c>M = Mix(X)</c>, <c>M' = M + F1(RMS(M))</c>, <c>X' = X + F2(RMS(Revert(M')))</c>.</summary>
    B,
}

/// <summary>Norm inside the blocks.</summary>
public enum BlockNorm
{
    /// <summary>RMSNorm over a token.</summary>
    Rms,

    /// <summary>BatchNorm over all T·D numbers.</summary>
    Batch,
}

/// <summary>How weights start.</summary>
public enum WeightInit
{
    /// <summary>Xavier uniform.</summary>
    Xavier,

    /// <summary>What <c>torch.nn.Linear</c> draws: uniform ±1/√in.</summary>
    Linear,
}

/// <summary>From the last tokens to one vector.</summary>
public enum TokenReadout
{
    /// <summary>Mean over the tokens.</summary>
    Mean,

    /// <summary>All tokens beside each other.</summary>
    Concat,

    /// <summary>The global token.</summary>
    Global,
}

/// <summary>Where cross layers stand.</summary>
public enum CrossPlace
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Before the tokenizer.</summary>
    Front,

    /// <summary>Beside the blocks, straight to the logits.</summary>
    Beside,
}
