using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>The hidden layers of a network.</summary>
/// <param name="Widths">Of each layer.</param>
/// <param name="Dropout">After each of them.</param>
/// <param name="BatchNorm">Whether a BatchNorm stands before each activation.</param>
public sealed record HiddenLayers(IReadOnlyList<int> Widths, double Dropout = 0, bool BatchNorm = false)
{
    /// <summary>Width of the last layer.</summary>
    public int Last => Widths[^1];

    internal TokenBatchNorm? Norm(ParameterSet parameters, string name, int layer) => BatchNorm ? new(parameters, $"{name}.norm", Widths[layer], 1) : null;
}

/// <summary>Linear layers with ReLU, or SiLU, and dropout after each.</summary>
sealed class Mlp
{
    readonly (LinearLayer Linear, TokenBatchNorm? Norm)[] layers;
    readonly bool silu;
    readonly double dropout;

    public Mlp(ParameterSet parameters, string name, int width, HiddenLayers hidden, bool silu = false, Initial? weight = null)
    {
        layers = [.. hidden.Widths.Select((h, i) => (new LinearLayer(parameters, $"{name}.layer{i + 1}", i == 0 ? width : hidden.Widths[i - 1], h, weight), hidden.Norm(parameters, $"{name}.layer{i + 1}", i)))];
        this.silu = silu;
        dropout = hidden.Dropout;
        Width = hidden.Widths.Count > 0 ? hidden.Last : width;
    }

    /// <summary>Of the output.</summary>
    public int Width { get; }

    public Tensor Forward(Tensor x_BI, ForwardPass pass)
    {
        foreach ((LinearLayer linear, TokenBatchNorm? norm) in layers)
        {
            Tensor made_BO = linear.Forward(x_BI);
            if (norm is not null) made_BO = norm.ForwardOne(made_BO, pass);
            x_BI = pass.Dropout(silu ? nn.functional.silu(made_BO) : nn.functional.relu(made_BO), dropout);
        }
        return x_BI;
    }

    public OnnxValue Export(OnnxValue x_BI)
    {
        foreach ((LinearLayer linear, TokenBatchNorm? norm) in layers)
        {
            OnnxValue made_BO = linear.Export(x_BI);
            if (norm is not null) made_BO = norm.ExportOne(made_BO);
            x_BI = silu ? made_BO.Silu() : made_BO.Relu();
        }
        return x_BI;
    }
}
