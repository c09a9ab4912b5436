using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>Cross layers of DCN-V2 (arXiv 2008.13535, eq. 1): <c>x_{l+1} = x_0 ⊙ (W_l x_l + b_l) + x_l</c>.</summary>
sealed class CrossNetwork(ParameterSet parameters, string name, int width, int layers)
{
    readonly LinearLayer[] layers = [.. Enumerable.Range(1, layers).Select(l => new LinearLayer(parameters, $"{name}{l}", width, width))];

    public Tensor Forward(Tensor x0_BF)
    {
        Tensor x_BF = x0_BF;
        foreach (LinearLayer layer in layers) x_BF = (x0_BF * layer.Forward(x_BF)).Plus(x_BF);
        return x_BF;
    }

    public OnnxValue Export(OnnxValue x0_BF)
    {
        OnnxValue x_BF = x0_BF;
        foreach (LinearLayer layer in layers) x_BF = x0_BF * layer.Export(x_BF) + x_BF;
        return x_BF;
    }
}
