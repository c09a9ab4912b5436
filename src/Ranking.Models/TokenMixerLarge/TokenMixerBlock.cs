using Ranking.Models.Networks;
using Ranking.Models.Export;
using static Ranking.Models.TokenMixerLarge.Mixing;
using static TorchSharp.torch;

namespace Ranking.Models.TokenMixerLarge;

/// <summary>One block (paper section 2): mix, feed-forward over the H mixed tokens, revert, feed-forward over the T tokens.</summary>
sealed class TokenMixerBlock
{
    readonly TokenMixerLargeSettings settings;
    readonly int tokens;
    readonly ITokenNorm norm1, norm2;
    readonly IPerTokenFeedForward f1, f2;

    public TokenMixerBlock(ParameterSet parameters, string name, int tokens, TokenMixerLargeSettings settings)
    {
        (this.settings, this.tokens) = (settings, tokens);
        int mixedWidth = tokens * settings.Dim / settings.MixedTokens;
        norm1 = settings.Reading == BlockReading.C ? Norm("norm1", tokens, settings.Dim) : Norm("norm1", settings.MixedTokens, mixedWidth);
        norm2 = Norm("norm2", tokens, settings.Dim);
        f1 = FeedForward("f1", settings.MixedTokens, mixedWidth);
        f2 = FeedForward("f2", tokens, settings.Dim);

        ITokenNorm Norm(string part, int count, int width) => settings.Norm == BlockNorm.Batch
            ? new TokenBatchNorm(parameters, $"{name}.{part}", width, count)
            : new RmsNorm(parameters, $"{name}.{part}", width, count, settings.NormPerToken, settings.NormEpsilon);

        IPerTokenFeedForward FeedForward(string part, int count, int width)
        {
            int hidden = Math.Max(1, (int)Math.Round(settings.Expansion * width));
            return settings.Experts > 0
                ? new SparsePerTokenMoe(parameters, $"{name}.{part}", count, width, hidden, settings)
                : new PerTokenSwiGlu(parameters, $"{name}.{part}", count, width, hidden, settings);
        }
    }

    /// <summary>X to X', both [T, B, D].</summary>
    public Tensor Forward(Tensor x_TBD, ForwardPass pass)
    {
        int h = settings.MixedTokens;
        if (settings.Reading == BlockReading.C)
        {
            Tensor y_TBD = x_TBD.Plus(Revert(f1.Forward(Mix(norm1.Forward(x_TBD, pass), h), pass), tokens));
            return y_TBD.Plus(f2.Forward(norm2.Forward(y_TBD, pass), pass));
        }
        Tensor m_HBW = Mix(x_TBD, h);
        m_HBW = m_HBW.Plus(f1.Forward(norm1.Forward(m_HBW, pass), pass));
        return x_TBD.Plus(f2.Forward(norm2.Forward(Revert(m_HBW, tokens), pass), pass));
    }

    public OnnxValue Export(OnnxValue x_TBD)
    {
        if (settings.Reading == BlockReading.C)
        {
            OnnxValue y_TBD = x_TBD + Reverted(f1.Export(Mixed(norm1.Export(x_TBD))));
            return y_TBD + f2.Export(norm2.Export(y_TBD));
        }
        OnnxValue m_HBW = Mixed(x_TBD);
        return x_TBD + f2.Export(norm2.Export(Reverted(m_HBW + f1.Export(norm1.Export(m_HBW)))));

        OnnxValue Mixed(OnnxValue x_TBD) => Mixing.Export(x_TBD, tokens, settings.MixedTokens, settings.Dim);

        OnnxValue Reverted(OnnxValue m_HBW) => Mixing.Export(m_HBW, settings.MixedTokens, tokens, tokens * settings.Dim / settings.MixedTokens);
    }
}
