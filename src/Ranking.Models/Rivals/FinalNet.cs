using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>
/// KIND finalnet ("FINAL: Factorized Interaction Layer for CTR Prediction", SIGIR 2023), one block of its layers:
/// <c>h' = ReLU(u + u ⊙ v)</c> with u and v linear in h, so that each layer doubles the degree of interaction.
/// </summary>
public sealed class FinalNet : IRankingNetwork
{
    readonly (LinearLayer Left, LinearLayer Right, TokenBatchNorm? Norm)[] layers;
    readonly LinearLayer head;
    readonly double dropout;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <param name="input">Where groups and columns lie.</param>
    /// <param name="tasks">K.</param>
    /// <param name="hidden">The layers.</param>
    /// <param name="parameters">The set.</param>
    public FinalNet(InputShape input, int tasks, HiddenLayers hidden, ParameterSet parameters)
    {
        Parameters = parameters;
        dropout = hidden.Dropout;
        layers = [.. hidden.Widths.Select((_, i) => (Layer($"layer{i + 1}.left", i), Layer($"layer{i + 1}.right", i), hidden.Norm(parameters, $"layer{i + 1}", i)))];
        head = new LinearLayer(parameters, "head", hidden.Last, tasks);

        LinearLayer Layer(string name, int i) => new(parameters, name, i == 0 ? input.Width : hidden.Widths[i - 1], hidden.Widths[i]);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor x_BS = input.X_BF;
        foreach ((LinearLayer left, LinearLayer right, TokenBatchNorm? norm) in layers)
        {
            Tensor u_BS = left.Forward(x_BS), made_BS = (u_BS * right.Forward(x_BS)).Plus(u_BS);
            if (norm is not null) made_BS = norm.ForwardOne(made_BS, pass);
            x_BS = pass.Dropout(nn.functional.relu(made_BS), dropout);
        }
        return new NetworkOutput(head.Forward(x_BS));
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BS)
    {
        foreach ((LinearLayer left, LinearLayer right, TokenBatchNorm? norm) in layers)
        {
            OnnxValue u_BS = left.Export(x_BS), made_BS = u_BS * right.Export(x_BS) + u_BS;
            x_BS = (norm?.ExportOne(made_BS) ?? made_BS).Relu();
        }
        return head.Export(x_BS);
    }
}
