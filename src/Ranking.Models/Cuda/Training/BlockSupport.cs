using Ranking.Models.TokenMixerLarge;

namespace Ranking.Models.Cuda;

/// <summary>Which settings of TokenMixer-Large the kernels know.</summary>
static class BlockSupport
{
    /// <summary>The size that the kernels need, or why they cannot run these settings.</summary>
    /// <param name="settings">The model's.</param>
    /// <param name="tokens">T.</param>
    /// <param name="batch">Samples a step.</param>
    /// <param name="reason">What is in the way and what the kernels need; empty where nothing is.</param>
    internal static BackboneShape? Shape(TokenMixerLargeSettings settings, int tokens, int batch, out string reason)
    {
        reason = Obstacle(settings);
        if (reason.Length > 0) return null;
        BackboneShape shape = new()
        {
            Tokens = tokens,
            Width = settings.Dim,
            Mixed = settings.MixedTokens,
            Hidden = (int)settings.Expansion,
            Layers = settings.Layers,
            Batch = batch,
            Experts = Math.Max(1, settings.Experts),
            Active = settings.Experts > 0 ? settings.ActiveExperts : 1,
            Alpha = settings.GateScale,
            ResidualGap = settings.InterLayerGap > 0 ? settings.InterLayerGap : settings.Layers,
            NormEpsilon = (float)settings.NormEpsilon,
        };
        try { return shape.Validate(); }
        catch (ArgumentException e)
        {
            reason = e.Message;
            return null;
        }
    }

    static string Obstacle(TokenMixerLargeSettings s)
    {
        (bool Fits, string Text)[] needs =
        [
            (s.Reading == BlockReading.C, $"reading is {s.Reading}; expected C"),
            (s.Norm == BlockNorm.Rms, $"norm is {s.Norm}; expected Rms"),
            (!s.NormPerToken, "norm_per_token is on; expected off"),
            (!s.GatedNorm, "gated_norm is on; expected off"),
            (s.FinalNorm, "final_norm is off; expected on"),
            (s.Readout == TokenReadout.Mean, $"readout is {s.Readout}; expected Mean"),
            (s.HiddenDropout == 0, FormattableString.Invariant($"dropout is {s.HiddenDropout}; expected 0")),
            (s.Expansion == Math.Floor(s.Expansion), FormattableString.Invariant($"n is {s.Expansion}; expected a whole number")),
            (s.Experts == 0 || s.BalanceWeight == 0, FormattableString.Invariant($"balance_weight is {s.BalanceWeight}; expected 0")),
            (s.Experts == 0 || s.ZLossWeight == 0, FormattableString.Invariant($"z_loss_weight is {s.ZLossWeight}; expected 0")),
        ];
        return needs.FirstOrDefault(n => !n.Fits).Text ?? "";
    }
}
