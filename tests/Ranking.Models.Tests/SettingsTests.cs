using Ranking.Features.Spec;
using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Tests;

public class SettingsTests
{
    [Fact]
    public void Every_setting_of_the_spec_reaches_the_model()
    {
        TokenMixerLargeSettings settings = TokenMixerLargeSettings.Of(new ModelSpec(
            Reading: "B", D: 24, H: 6, L: 3, N: 1.5, Gap: 1, AuxWeight: 0.2, DownInit: 0, TokenizerInit: 0.25, FeedForwardInit: 0.7, Dropout: 0.1,
            Experts: 4, Active: 3, Alpha: 1.1, Cross: "beside", CrossLayers: 3, Norm: "batch", NormPerToken: true, InputNorm: true, GlobalToken: false,
            TokenizerDepth: 2, Readout: "concat", ReadoutDropout: 0.2, Towers: [7], BalanceWeight: 0.01, ZLossWeight: 0.02));
        TokenMixerLargeSettings expected = new()
        {
            Reading = BlockReading.B,
            Dim = 24,
            MixedTokens = 6,
            Layers = 3,
            Expansion = 1.5,
            InterLayerGap = 1,
            AuxiliaryWeight = 0.2,
            DownScale = 0,
            TokenizerScale = 0.25,
            UpGateScale = 0.7,
            HiddenDropout = 0.1,
            Experts = 4,
            ActiveExperts = 3,
            GateScale = 1.1,
            Cross = CrossPlace.Beside,
            CrossLayers = 3,
            Norm = BlockNorm.Batch,
            NormPerToken = true,
            InputNorm = true,
            GlobalToken = false,
            TokenizerDepth = 2,
            Readout = TokenReadout.Concat,
            ReadoutDropout = 0.2,
            TowerHidden = settings.TowerHidden,
            BalanceWeight = 0.01,
            ZLossWeight = 0.02,
        };
        Assert.Equal(expected, settings);
        Assert.Equal([7], settings.TowerHidden);
    }

    [Theory]
    [InlineData("mixed_tokens: found 5, expected a divisor of dim (64)")]
    [InlineData("readout: found Global, expected mean or concat, since global_token is off")]
    [InlineData("gated_norm: found True, expected off where there are experts: an expert sees too few examples of a batch")]
    [InlineData("active_experts: found 9, expected 2 to experts (8)")]
    [InlineData("hidden_dropout: found 1, expected a number in [0, 1)")]
    public void A_setting_that_no_model_can_have_is_refused_by_name(string message)
    {
        ModelSpec spec = message.Split(':')[0] switch
        {
            "mixed_tokens" => new ModelSpec(H: 5),
            "readout" => new ModelSpec(Readout: "global", GlobalToken: false),
            "gated_norm" => new ModelSpec(Experts: 8, Active: 4, GatedNorm: true),
            "active_experts" => new ModelSpec(Experts: 8, Active: 9),
            _ => new ModelSpec(Dropout: 1),
        };
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => TokenMixerLargeSettings.Of(spec)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_kind_names_the_known_ones() =>
        Assert.Contains("deepfm", Assert.Throws<ArgumentException>(() => NetworkKind.Named("deepfn")).Message, StringComparison.Ordinal);
}
