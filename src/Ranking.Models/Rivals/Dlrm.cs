using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>KIND dlrm (arXiv 1906.00091): the numbers pass a bottom MLP to one vector; inner products of all pairs of vectors join it; a top MLP.</summary>
public sealed class Dlrm : IRankingNetwork
{
    readonly FieldEmbeddings fields;
    readonly InputSpan[] numbers;
    readonly Mlp? bottom;
    readonly Mlp top;
    readonly LinearLayer head;
    readonly long[] pairs;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <param name="input">Where groups and columns lie.</param>
    /// <param name="tasks">K.</param>
    /// <param name="hidden">The top MLP's layers.</param>
    /// <param name="parameters">The set.</param>
    /// <exception cref="ArgumentException">Too few features to have a pair.</exception>
    public Dlrm(InputShape input, int tasks, HiddenLayers hidden, ParameterSet parameters)
    {
        Parameters = parameters;
        InputSpan[] ids = [.. input.Columns.Where(c => c.IsIds)];
        fields = new FieldEmbeddings(parameters, "fields", input with { Columns = ids });
        numbers = [.. input.Columns.DistinctBy(c => c.Name).Where(c => !c.IsIds)];
        int vectors = fields.Count + (numbers.Length > 0 ? 1 : 0);
        Setting.Require(fields.Count > 0 && vectors > 1, "kind", "dlrm", "another kind: it needs a feature of ids and one more");
        if (numbers.Length > 0) bottom = new Mlp(parameters, "bottom", numbers.Sum(n => n.Width), new([4 * fields.Width, fields.Width]));
        // Places of the strict lower triangle in a flattened [M, M].
        pairs = [.. Enumerable.Range(0, vectors).SelectMany(i => Enumerable.Range(0, i).Select(j => (long)i * vectors + j))];
        top = new Mlp(parameters, "top", pairs.Length + (bottom is null ? 0 : fields.Width), hidden);
        head = new LinearLayer(parameters, "head", top.Width, tasks);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor e_BMD = fields.Forward(input.X_BF);
        Tensor? dense_BD = bottom?.Forward(cat(numbers.Select(c => input.X_BF.narrow(1, c.Offset, c.Width)).ToArray(), 1), pass);
        if (dense_BD is not null) e_BMD = cat([dense_BD.unsqueeze(1), e_BMD], 1);
        Tensor pairs_BP = e_BMD.bmm(e_BMD.transpose(1, 2)).flatten(1).index_select(1, tensor(pairs).to(e_BMD.device));
        return new NetworkOutput(head.Forward(top.Forward(dense_BD is null ? pairs_BP : cat([dense_BD, pairs_BP], 1), pass)));
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF)
    {
        OnnxValue e_BMD = fields.Export(x_BF);
        OnnxValue? dense_BD = bottom?.Export(OnnxValue.Cat(1, [.. numbers.Select(c => x_BF.Narrow(1, c.Offset, c.Width))]));
        if (dense_BD is { } dense) e_BMD = OnnxValue.Cat(1, dense.Unsqueeze(1), e_BMD);
        long vectors = fields.Count + (dense_BD is null ? 0 : 1);
        OnnxValue pairs_BP = e_BMD.MatMul(e_BMD.Permute(0, 2, 1)).Reshape(0, vectors * vectors).Take(1, x_BF.Graph.Constant(pairs));
        return head.Export(top.Export(dense_BD is { } first ? OnnxValue.Cat(1, first, pairs_BP) : pairs_BP));
    }
}
