using Ranking.Models.Networks;
using Ranking.Models.Export;

namespace Ranking.Models.Rivals;

/// <summary>KIND lr: for each task a weight for each id and each number. Rows hold one number a task.</summary>
public sealed class LogisticRegression : IRankingNetwork
{
    readonly LinearPart linear;

    /// <summary>Adds the network's tensors to a set.</summary>
    public LogisticRegression(InputShape input, int tasks, ParameterSet parameters)
    {
        Parameters = parameters;
        linear = new LinearPart(parameters, "linear", input, tasks);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass) => new(linear.Forward(input.X_BF));

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF) => linear.Export(x_BF);
}
