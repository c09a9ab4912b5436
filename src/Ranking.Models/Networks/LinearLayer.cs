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

/// <summary>Linear layers with ReLU, or SiLU, and dropout after each.</summary>
sealed class Mlp
{
    readonly LinearLayer[] layers;
    readonly bool silu;
    readonly double dropout;

    public Mlp(ParameterSet parameters, string name, int width, IReadOnlyList<int> hidden, bool silu = false, double dropout = 0, Initial? weight = null)
    {
        layers = [.. hidden.Select((h, i) => new LinearLayer(parameters, $"{name}.layer{i + 1}", i == 0 ? width : hidden[i - 1], h, weight))];
        this.silu = silu;
        this.dropout = dropout;
        Width = hidden.Count > 0 ? hidden[^1] : width;
    }

    /// <summary>Of the output.</summary>
    public int Width { get; }

    public Tensor Forward(Tensor x_BI, ForwardPass pass)
    {
        foreach (LinearLayer layer in layers) x_BI = pass.Dropout(silu ? nn.functional.silu(layer.Forward(x_BI)) : nn.functional.relu(layer.Forward(x_BI)), dropout);
        return x_BI;
    }

    public OnnxValue Export(OnnxValue x_BI)
    {
        foreach (LinearLayer layer in layers) x_BI = silu ? layer.Export(x_BI).Silu() : layer.Export(x_BI).Relu();
        return x_BI;
    }
}
