using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>From one vector an example to one logit a task: a linear layer, or for each task a tower of its own before it.</summary>
sealed class Towers
{
    readonly LinearLayer? shared;
    readonly (Mlp Hidden, LinearLayer Logit)[] own = [];
    readonly double dropout;

    public Towers(ParameterSet parameters, string name, int width, int tasks, IReadOnlyList<int> hidden, double dropout = 0)
    {
        this.dropout = dropout;
        if (hidden.Count == 0)
        {
            shared = new LinearLayer(parameters, name, width, tasks);
            return;
        }
        own = [.. Enumerable.Range(0, tasks).Select(k =>
        {
            Mlp mlp = new(parameters, $"{name}.task{k}", width, new(hidden), silu: true);
            return (mlp, new LinearLayer(parameters, $"{name}.task{k}.logit", mlp.Width, 1));
        })];
    }

    public Tensor Forward(Tensor x_BD, ForwardPass pass)
    {
        x_BD = pass.Dropout(x_BD, dropout);
        return shared is not null ? shared.Forward(x_BD) : cat(own.Select(t => t.Logit.Forward(t.Hidden.Forward(x_BD, pass))).ToArray(), 1);
    }

    public OnnxValue Export(OnnxValue x_BD) =>
        shared is not null ? shared.Export(x_BD) : OnnxValue.Cat(1, [.. own.Select(t => t.Logit.Export(t.Hidden.Export(x_BD)))]);
}
