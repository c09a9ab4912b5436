using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>
/// KIND wukong (arXiv 2403.02545): layers of a factorisation machine block beside a linear compress block,
/// <c>X' = LN(cat[FMB(X), LCB(X)] + X)</c>, then an MLP. The FM is the optimised one, X(XᵀY). Letters: B examples, M vectors, D width, R rank.
/// </summary>
public sealed class Wukong : IRankingNetwork
{
    const int Rank = 8;
    readonly FieldEmbeddings fields;
    readonly Layer[] layers;
    readonly Mlp top;
    readonly LinearLayer head;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <param name="input">Where groups and columns lie.</param>
    /// <param name="tasks">K.</param>
    /// <param name="depth">Layers.</param>
    /// <param name="hidden">The last MLP's layers; the first one is the FM block's too.</param>
    /// <param name="parameters">The set.</param>
    public Wukong(InputShape input, int tasks, int depth, HiddenLayers hidden, ParameterSet parameters)
    {
        Parameters = parameters;
        fields = new FieldEmbeddings(parameters, "fields", input);
        layers = [.. Enumerable.Range(1, depth).Select(l => new Layer(parameters, $"layer{l}", fields.Count, fields.Width, hidden.Widths[0]))];
        top = new Mlp(parameters, "top", fields.Count * fields.Width, hidden);
        head = new LinearLayer(parameters, "head", top.Width, tasks);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor x_BMD = fields.Forward(input.X_BF);
        foreach (Layer layer in layers) x_BMD = layer.Forward(x_BMD, pass);
        return new NetworkOutput(head.Forward(top.Forward(x_BMD.flatten(1), pass)));
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF)
    {
        OnnxValue x_BMD = fields.Export(x_BF);
        foreach (Layer layer in layers) x_BMD = layer.Export(x_BMD);
        return head.Export(top.Export(x_BMD.Reshape(0, fields.Count * fields.Width)));
    }

    sealed class Layer
    {
        readonly int count, width, made;
        readonly Tensor y_MR, gamma_P, beta_P, gamma_D, beta_D;
        readonly Tensor? compress_CM;
        readonly Mlp mlp;
        readonly LinearLayer output;

        public Layer(ParameterSet parameters, string name, int count, int width, int hidden)
        {
            (this.count, this.width) = (count, width);
            made = (count + 1) / 2; // Half of the vectors come from the FM block, the others from the compress block.
            y_MR = parameters.Add($"{name}.fm.y", Initial.Xavier(), count, Rank);
            gamma_P = parameters.Add($"{name}.fm.norm.weight", Initial.One, count * Rank);
            beta_P = parameters.Add($"{name}.fm.norm.bias", Initial.Zero, count * Rank);
            mlp = new Mlp(parameters, $"{name}.fm", count * Rank, new([hidden]));
            output = new LinearLayer(parameters, $"{name}.fm.out", hidden, made * width);
            if (count > made) compress_CM = parameters.Add($"{name}.compress", Initial.Xavier(), count - made, count);
            gamma_D = parameters.Add($"{name}.norm.weight", Initial.One, width);
            beta_D = parameters.Add($"{name}.norm.bias", Initial.Zero, width);
        }

        public Tensor Forward(Tensor x_BMD, ForwardPass pass)
        {
            Tensor products_BP = x_BMD.bmm(x_BMD.transpose(1, 2).matmul(y_MR)).flatten(1);
            Tensor normed_BP = nn.functional.layer_norm(products_BP, [count * Rank], gamma_P, beta_P);
            Tensor made_BMD = output.Forward(mlp.Forward(normed_BP, pass)).reshape(-1, made, width);
            Tensor all_BMD = compress_CM is null ? made_BMD : cat([made_BMD, matmul(compress_CM, x_BMD)], 1);
            return nn.functional.layer_norm(all_BMD.Plus(x_BMD), [width], gamma_D, beta_D);
        }

        public OnnxValue Export(OnnxValue x_BMD)
        {
            OnnxValue products_BP = x_BMD.MatMul(x_BMD.Permute(0, 2, 1).MatMul(y_MR)).Reshape(0, count * Rank);
            OnnxValue made_BMD = output.Export(mlp.Export(products_BP.LayerNorm(gamma_P, beta_P))).Reshape(-1, made, width);
            OnnxValue all_BMD = compress_CM is null ? made_BMD : OnnxValue.Cat(1, made_BMD, x_BMD.Graph.Weight(compress_CM).MatMul(x_BMD));
            return (all_BMD + x_BMD).LayerNorm(gamma_D, beta_D);
        }
    }
}
