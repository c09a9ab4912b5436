using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>
/// DIN's pooling of a sequence (arXiv 1706.06978, section 4.3): <c>Σ_s a(e_s, q) e_s</c>, where a is an MLP of [e, q, e − q, e ⊙ q]
/// and the weights are not normalised. Letters: B examples, S members, D their width.
/// </summary>
sealed class TargetAttention
{
    readonly LinearLayer hidden, score;

    public TargetAttention(ParameterSet parameters, string name, int width, int hiddenWidth = 32)
    {
        hidden = new LinearLayer(parameters, $"{name}.hidden", 4 * width, hiddenWidth);
        score = new LinearLayer(parameters, $"{name}.score", hiddenWidth, 1);
    }

    /// <summary>The pooled sequence, [B, D]; zeros where it is empty.</summary>
    public Tensor Forward(SequenceInput sequence, Tensor query_BD)
    {
        Tensor x_BSD = sequence.X_BSD;
        (long b, long s, long d) = (x_BSD.shape[0], x_BSD.shape[1], x_BSD.shape[2]);
        Tensor query_BSD = query_BD.unsqueeze(1).expand(b, s, d);
        Tensor pair_MI = cat([x_BSD, query_BSD, x_BSD - query_BSD, x_BSD * query_BSD], -1).reshape(b * s, 4 * d);
        Tensor weight_BS1 = score.Forward(nn.functional.silu(hidden.Forward(pair_MI))).reshape(b, s, 1) * sequence.Mask_BS.unsqueeze(-1);
        return (weight_BS1 * x_BSD).sum(1);
    }

    public OnnxValue Export(OnnxValue x_BSD, OnnxValue mask_BS, OnnxValue query_BD)
    {
        OnnxValue query_BSD = query_BD.Unsqueeze(1) + x_BSD * 0;
        OnnxValue pair_BSI = OnnxValue.Cat(2, x_BSD, query_BSD, x_BSD - query_BSD, x_BSD * query_BSD);
        OnnxValue weight_BS1 = score.Export(hidden.Export(pair_BSI).Silu()) * mask_BS.Unsqueeze(2);
        return (weight_BS1 * x_BSD).Sum(1);
    }
}
