using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>
/// KINDs dnn, din and dcnv2: a DNN on the concatenated input; for din the input's sequences were pooled by attention to the
/// candidate (arXiv 1706.06978); for dcnv2 a cross network runs in parallel (arXiv 2008.13535).
/// </summary>
public sealed class DeepNetwork : IRankingNetwork
{
    readonly CrossNetwork? cross;
    readonly Mlp deep;
    readonly LinearLayer head;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <param name="input">Where groups and columns lie.</param>
    /// <param name="tasks">K.</param>
    /// <param name="hidden">The DNN's layers.</param>
    /// <param name="crossLayers">Layers of the cross network; 0 for none.</param>
    /// <param name="scale">Factor on the start of the DNN's layers (<c>torch.nn.Linear</c>'s).</param>
    /// <param name="parameters">The set.</param>
    public DeepNetwork(InputShape input, int tasks, HiddenLayers hidden, int crossLayers, double scale, ParameterSet parameters)
    {
        Parameters = parameters;
        if (crossLayers > 0) cross = new CrossNetwork(parameters, "cross", input.Width, crossLayers);
        deep = new Mlp(parameters, "deep", input.Width, hidden, weight: Initial.Linear(scale));
        head = new LinearLayer(parameters, "head", deep.Width + (cross is null ? 0 : input.Width), tasks);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor deep_BS = deep.Forward(input.X_BF, pass);
        return new NetworkOutput(head.Forward(cross is null ? deep_BS : cat([cross.Forward(input.X_BF), deep_BS], 1)));
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF) => head.Export(cross is null ? deep.Export(x_BF) : OnnxValue.Cat(1, cross.Export(x_BF), deep.Export(x_BF)));
}
