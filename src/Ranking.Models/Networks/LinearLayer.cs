using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>A plain linear layer with bias; the weight is [in, out], so y = x·W + b.</summary>
sealed class LinearLayer
{
    public LinearLayer(ParameterSet parameters, string name, int width, int output, Initial? weight = null, Initial? bias = null)
    {
        Weight_IO = parameters.Add($"{name}.weight", weight ?? Initial.Linear(), width, output);
        Bias_O = parameters.Add($"{name}.bias", bias ?? Initial.Zero, output);
    }

    public Tensor Weight_IO { get; }

    public Tensor Bias_O { get; }

    public Tensor Forward(Tensor x_BI) => addmm(Bias_O, x_BI, Weight_IO, 1, 1);

    public OnnxValue Export(OnnxValue x_BI) => x_BI.MatMul(Weight_IO) + Bias_O;
}
