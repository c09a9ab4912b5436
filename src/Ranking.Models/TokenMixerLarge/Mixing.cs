using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.TokenMixerLarge;

/// <summary>
/// Mix and Revert (paper section 2), without parameters. Letters: T tokens, B examples, D token width, H mixed tokens,
/// W = T·D/H mixed width. Tensors are token-major, [T, B, D]: each token's examples are one matrix, as its own weights need it.
/// </summary>
public static class Mixing
{
    /// <summary><c>Mix(X)[h, t·(D/H)+c] = X[t, h·(D/H)+c]</c>: mixed token h takes the h-th slice of every token.</summary>
    public static Tensor Mix(Tensor x_TBD, int h)
    {
        (long t, long b, long d) = (x_TBD.shape[0], x_TBD.shape[1], x_TBD.shape[2]);
        return x_TBD.reshape(t, b, h, d / h).permute(2, 1, 0, 3).reshape(h, b, t * d / h);
    }

    /// <summary><c>Revert(M)[t, h·(D/H)+c] = M[h, t·(D/H)+c]</c>: the exact inverse of <see cref="Mix"/>.</summary>
    public static Tensor Revert(Tensor m_HBW, int t)
    {
        (long h, long b, long w) = (m_HBW.shape[0], m_HBW.shape[1], m_HBW.shape[2]);
        return m_HBW.reshape(h, b, t, w / t).permute(2, 1, 0, 3).reshape(t, b, h * w / t);
    }

    /// <summary>Mix or Revert, which are one exchange: from t tokens of a width to <paramref name="h"/> of t/h times that.</summary>
    internal static OnnxValue Export(OnnxValue x_TBD, int t, int h, int d) => x_TBD.Reshape(t, 0, h, d / h).Permute(2, 1, 0, 3).Reshape(h, 0, (long)t * d / h);
}
