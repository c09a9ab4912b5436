using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.RankMixer;

/// <summary>Per-token feed-forward <c>W2·GELU(W1 s + b1) + b2</c>. Letters: T tokens, B examples, D token width, S hidden width.</summary>
sealed class PerTokenGelu : IRankMixerFeedForward
{
    readonly Tensor w1_TDS, b1_TS, w2_TSD, b2_TD;
    readonly double dropout;

    public PerTokenGelu(ParameterSet parameters, string name, RankMixerSettings settings)
    {
        (int t, int d, int s) = (settings.Tokens, settings.Dim, settings.Expansion * settings.Dim);
        w1_TDS = parameters.Add($"{name}.w1", Initial.Xavier(), t, d, s);
        b1_TS = parameters.Add($"{name}.b1", Initial.Zero, t, s);
        w2_TSD = parameters.Add($"{name}.w2", Initial.Xavier(), t, s, d);
        b2_TD = parameters.Add($"{name}.b2", Initial.Zero, t, d);
        dropout = settings.HiddenDropout;
    }

    public Tensor Forward(Tensor s_TBD, bool dense, ForwardPass pass)
    {
        Tensor hidden_TBS = pass.Dropout(nn.functional.gelu(s_TBD.bmm(w1_TDS).Plus(b1_TS.unsqueeze(1))), dropout);
        return hidden_TBS.bmm(w2_TSD).Plus(b2_TD.unsqueeze(1));
    }

    public OnnxValue Export(OnnxValue s_TBD)
    {
        OnnxGraph graph = s_TBD.Graph;
        OnnxValue hidden_TBS = (s_TBD.MatMul(w1_TDS) + graph.Weight(b1_TS).Unsqueeze(1)).Gelu();
        return hidden_TBS.MatMul(w2_TSD) + graph.Weight(b2_TD).Unsqueeze(1);
    }
}
