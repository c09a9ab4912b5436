using Ranking.Features.Spec;
using Ranking.Models.Networks;

namespace Ranking.Models.RankMixer;

/// <summary>Settings of RankMixer (arXiv 2507.15551). Letters: T tokens, D token width, k hidden expansion, L blocks.</summary>
public sealed record RankMixerSettings
{
    /// <summary>T, which must divide D. Default 8.</summary>
    public int Tokens { get; init; } = 8;

    /// <summary>D. Default 64.</summary>
    public int Dim { get; init; } = 64;

    /// <summary>k: the feed-forward's hidden width over D. Default 2.</summary>
    public int Expansion { get; init; } = 2;

    /// <summary>L. Default 2.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Factor on the start of the tokenizer (<c>torch.nn.Linear</c>'s). Default 0.5, as for TokenMixer-Large.</summary>
    public double TokenizerScale { get; init; } = 0.5;

    /// <summary>Dropout in the feed-forward's hidden layer while training, [0, 1). Default 0.</summary>
    public double HiddenDropout { get; init; }

    /// <summary>E, which must divide the hidden width. Default 0: dense.</summary>
    public int Experts { get; init; }

    /// <summary>The share of experts that the serving routers are steered to. Default 0.25; only where <see cref="Experts"/> &gt; 0.</summary>
    public double ActiveShare { get; init; } = 0.25;

    /// <summary>The settings of a spec's model: H is T, n is k.</summary>
    /// <exception cref="ArgumentException">Settings that no model can have.</exception>
    public static RankMixerSettings Of(ModelSpec model) => new RankMixerSettings
    {
        Tokens = model.H,
        Dim = model.D,
        Layers = model.L,
        Expansion = Math.Max(1, (int)Math.Round(model.N)),
        TokenizerScale = model.TokenizerInit,
        HiddenDropout = model.Dropout,
        Experts = model.Experts,
        ActiveShare = model.ActiveShare,
    }.Validated();

    /// <summary>Refuses settings that no model can have.</summary>
    /// <exception cref="ArgumentException">Names the setting, the value and what was expected.</exception>
    public RankMixerSettings Validated()
    {
        Setting.AtLeast(1, Tokens, "tokens");
        Setting.AtLeast(1, Dim, "dim");
        Setting.Require(Dim % Tokens == 0, "tokens", Tokens, $"a divisor of dim ({Dim})");
        Setting.AtLeast(1, Expansion, "expansion");
        Setting.AtLeast(1, Layers, "layers");
        Setting.Positive(TokenizerScale, "tokenizer_scale");
        Setting.Rate(HiddenDropout, "hidden_dropout");
        if (Experts == 0) return this;
        Setting.AtLeast(2, Experts, "experts");
        Setting.Require(Expansion * Dim % Experts == 0, "experts", Experts, $"a divisor of the hidden width ({Expansion * Dim})");
        Setting.Require(ActiveShare is > 0 and <= 1, "active_share", ActiveShare, "a number in (0, 1]");
        return this;
    }
}
