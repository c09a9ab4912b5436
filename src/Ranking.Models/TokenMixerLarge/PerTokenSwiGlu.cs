using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.TokenMixerLarge;

/// <summary>A feed-forward with weights of its own for each token. Shapes: N tokens, B examples, W token width.</summary>
interface IPerTokenFeedForward
{
    Tensor Forward(Tensor x_NBW, ForwardPass pass);

    OnnxValue Export(OnnxValue x_NBW);
}

/// <summary>
/// <c>Wdown_t( SiLU(Wgate_t x) ⊙ (Wup_t x) )</c>, no biases (paper section 2). S is the hidden width, n·W. One batched product a
/// matrix: the tokens are the batch.
/// </summary>
sealed class PerTokenSwiGlu : IPerTokenFeedForward
{
    readonly Tensor up_NWS, gate_NWS, down_NSW;
    readonly TokenBatchNorm? gatedNorm;
    readonly double dropout;

    public PerTokenSwiGlu(ParameterSet parameters, string name, int tokens, int width, int hidden, TokenMixerLargeSettings settings)
    {
        up_NWS = parameters.Add($"{name}.up", Initial.Xavier(settings.UpGateScale), tokens, width, hidden);
        gate_NWS = parameters.Add($"{name}.gate", Initial.Xavier(settings.UpGateScale), tokens, width, hidden);
        down_NSW = parameters.Add($"{name}.down", Initial.Xavier(settings.DownScale), tokens, hidden, width);
        gatedNorm = settings.GatedNorm ? new TokenBatchNorm(parameters, $"{name}.gated_norm", hidden, tokens) : null;
        dropout = settings.HiddenDropout;
    }

    public Tensor Forward(Tensor x_NBW, ForwardPass pass)
    {
        Tensor hidden_NBS = nn.functional.silu(x_NBW.bmm(gate_NWS)) * x_NBW.bmm(up_NWS);
        if (gatedNorm is not null) hidden_NBS = gatedNorm.Forward(hidden_NBS, pass);
        return pass.Dropout(hidden_NBS, dropout).bmm(down_NSW);
    }

    public OnnxValue Export(OnnxValue x_NBW)
    {
        OnnxValue hidden_NBS = x_NBW.MatMul(gate_NWS).Silu() * x_NBW.MatMul(up_NWS);
        if (gatedNorm is not null) hidden_NBS = gatedNorm.Export(hidden_NBS);
        return hidden_NBS.MatMul(down_NSW);
    }
}
