using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>
/// KIND fm (Rendle 2010) and, with hidden layers, deepfm (arXiv 1703.04247): linear part + sum of all pairs' inner products (+ DNN).
/// A row holds the id's linear weights, one a task, then its vector. The pairs' sum is shared; each task scales it.
/// </summary>
public sealed class FactorizationMachine : IRankingNetwork
{
    readonly LinearPart linear;
    readonly FieldEmbeddings fields;
    readonly Tensor pairs_K;
    readonly Mlp? deep;
    readonly LinearLayer? head;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <param name="input">Where groups and columns lie.</param>
    /// <param name="tasks">K.</param>
    /// <param name="hidden">The DNN's layers; none for fm.</param>
    /// <param name="parameters">The set.</param>
    public FactorizationMachine(InputShape input, int tasks, HiddenLayers hidden, ParameterSet parameters)
    {
        Parameters = parameters;
        linear = new LinearPart(parameters, "linear", input, tasks);
        fields = new FieldEmbeddings(parameters, "fields", input, skip: tasks, projection: Initial.Within(0.01)); // as small as the tables' rows: of many numbers, the pairs would drown all else
        pairs_K = parameters.Add("pairs.scale", Initial.One, tasks);
        if (hidden.Widths.Count == 0) return;
        deep = new Mlp(parameters, "deep", fields.Count * fields.Width, hidden);
        head = new LinearLayer(parameters, "head", deep.Width, tasks);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor e_BMD = fields.Forward(input.X_BF);
        // Σ_{i<j} ⟨e_i, e_j⟩ = ½ Σ_d ((Σ_i e_id)² − Σ_i e_id²)
        Tensor sum_BD = e_BMD.sum(1);
        Tensor pairs_B1 = (sum_BD * sum_BD - (e_BMD * e_BMD).sum(1)).sum(1, keepdim: true) * Scalars.Held(0.5);
        Tensor logits_BK = linear.Forward(input.X_BF).Plus(pairs_B1 * pairs_K);
        return new NetworkOutput(deep is null ? logits_BK : logits_BK.Plus(head!.Forward(deep.Forward(e_BMD.flatten(1), pass))));
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF)
    {
        OnnxValue e_BMD = fields.Export(x_BF), sum_BD = e_BMD.Sum(1);
        OnnxValue logits_BK = linear.Export(x_BF) + (sum_BD * sum_BD - (e_BMD * e_BMD).Sum(1)).Sum(1, keep: true) * 0.5 * pairs_K;
        return deep is null ? logits_BK : logits_BK + head!.Export(deep.Export(e_BMD.Reshape(0, fields.Count * fields.Width)));
    }
}
