using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>
/// KIND finalmlp (arXiv 2304.00902): two MLPs on two gated copies of the input, fused by bilinear heads,
/// <c>b + w1·x + w2·y + Σ_h x_h W_h y_h</c>. Each gate is a learned vector, the paper's case of no context features.
/// </summary>
public sealed class FinalMlp : IRankingNetwork
{
    const int Heads = 4;
    readonly Tensor gate1_F, gate2_F;
    readonly Mlp first, second;
    readonly LinearLayer linear1, linear2;
    readonly Tensor bilinear_HXQ;
    readonly int width, tasks;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <param name="input">Where groups and columns lie.</param>
    /// <param name="tasks">K.</param>
    /// <param name="hidden">Both MLPs' layers; the last one is rounded up to a multiple of the heads.</param>
    /// <param name="parameters">The set.</param>
    public FinalMlp(InputShape input, int tasks, HiddenLayers hidden, ParameterSet parameters)
    {
        Parameters = parameters;
        this.tasks = tasks;
        HiddenLayers layers = hidden with { Widths = [.. hidden.Widths.SkipLast(1), (hidden.Last + Heads - 1) / Heads * Heads] };
        width = layers.Last / Heads;
        // 2 · σ(gate): both start at 1 on average and apart from each other, so that the streams differ.
        gate1_F = parameters.Add("gate1", Initial.Within(1), input.Width);
        gate2_F = parameters.Add("gate2", Initial.Within(1), input.Width);
        first = new Mlp(parameters, "first", input.Width, layers);
        second = new Mlp(parameters, "second", input.Width, layers);
        linear1 = new LinearLayer(parameters, "linear1", layers.Last, tasks);
        linear2 = new LinearLayer(parameters, "linear2", layers.Last, tasks);
        bilinear_HXQ = parameters.Add("bilinear", Initial.Xavier(), Heads, width, tasks * width);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor x_BS = first.Forward(input.X_BF * gate1_F.sigmoid() * Scalars.Held(2.0), pass), y_BS = second.Forward(input.X_BF * gate2_F.sigmoid() * Scalars.Held(2.0), pass);
        long b = x_BS.shape[0];
        Tensor x_HBX = x_BS.reshape(b, Heads, width).permute(1, 0, 2), y_HB1Y = y_BS.reshape(b, Heads, width).permute(1, 0, 2).unsqueeze(2);
        Tensor fused_BK = (x_HBX.bmm(bilinear_HXQ).reshape(Heads, b, tasks, width) * y_HB1Y).sum(-1).sum([0L]); // sum(0) would be a conversion to bytes: 0 is also an element type.
        return new NetworkOutput(linear1.Forward(x_BS).Plus(linear2.Forward(y_BS)).Plus(fused_BK));
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF)
    {
        OnnxValue x_BS = first.Export(x_BF * x_BF.Graph.Weight(gate1_F).Sigmoid() * 2), y_BS = second.Export(x_BF * x_BF.Graph.Weight(gate2_F).Sigmoid() * 2);
        OnnxValue x_HBX = x_BS.Reshape(0, Heads, width).Permute(1, 0, 2), y_HB1Y = y_BS.Reshape(0, Heads, width).Permute(1, 0, 2).Unsqueeze(2);
        return linear1.Export(x_BS) + linear2.Export(y_BS) + (x_HBX.MatMul(bilinear_HXQ).Reshape(Heads, 0, tasks, width) * y_HB1Y).Sum(3).Sum(0);
    }
}
