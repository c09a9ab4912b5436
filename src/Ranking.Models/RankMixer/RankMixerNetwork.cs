using Ranking.Models.Networks;
using Ranking.Models.Export;
using Ranking.Models.TokenMixerLarge;
using static TorchSharp.torch;

namespace Ranking.Models.RankMixer;

/// <summary>
/// RankMixer (arXiv 2507.15551): one concatenated vector cut into T slices, each projected to a token; blocks
/// <c>S = LN(Mix(X) + X)</c>, <c>X' = LN(PFFN(S) + S)</c> with H = T; mean over the tokens. With
/// experts PFFN is a <see cref="ReluRoutedMoe"/>, and the dense run's loss joins as an auxiliary tower's would.
/// </summary>
/// <remarks>Letters of shape suffixes: B examples, F raw numbers, T tokens, D token width, S hidden width k·D, K tasks.</remarks>
public sealed class RankMixerNetwork : IRankingNetwork
{
    readonly RankMixerSettings settings;
    readonly int width, slice;
    readonly Tensor slice_TID, slice_T1D;
    readonly Block[] blocks;
    readonly LinearLayer head;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <exception cref="ArgumentException">Settings that no model can have.</exception>
    public RankMixerNetwork(InputShape input, int tasks, RankMixerSettings settings, ParameterSet parameters)
    {
        this.settings = settings.Validated();
        Parameters = parameters;
        width = input.Width;
        slice = (width + settings.Tokens - 1) / settings.Tokens;
        slice_TID = parameters.Add("slices.weight", Initial.Linear(settings.TokenizerScale), settings.Tokens, slice, settings.Dim);
        slice_T1D = parameters.Add("slices.bias", Initial.Zero, settings.Tokens, 1, settings.Dim);
        blocks = [.. Enumerable.Range(1, settings.Layers).Select(l => new Block(parameters, $"block{l}", settings))];
        head = new LinearLayer(parameters, "head", settings.Dim, tasks);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor x_BF = input.X_BF;
        long batch = x_BF.shape[0], missing = (long)slice * settings.Tokens - x_BF.shape[1];
        if (missing > 0) x_BF = nn.functional.pad(x_BF, [0, missing]);
        Tensor x_TBI = x_BF.reshape(batch, settings.Tokens, slice).permute(1, 0, 2);
        return ForwardTokens(x_TBI.bmm(slice_TID).Plus(slice_T1D), pass);
    }

    /// <summary>From tokens [T, B, D] to logits.</summary>
    public NetworkOutput ForwardTokens(Tensor x_TBD, ForwardPass pass)
    {
        Tensor logits_BK = Run(dense: false);
        // Dense training, sparse inference: training runs a second time with the dense routers, so that every expert learns.
        return settings.Experts > 0 && pass.Training ? new NetworkOutput(logits_BK, [Run(dense: true)]) : new NetworkOutput(logits_BK);

        Tensor Run(bool dense)
        {
            Tensor y_TBD = x_TBD;
            foreach (Block block in blocks) y_TBD = block.Forward(y_TBD, dense, pass);
            return head.Forward(y_TBD.mean([0]));
        }
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF)
    {
        long missing = (long)slice * settings.Tokens - width;
        if (missing > 0) x_BF = x_BF.PadEnd(missing);
        OnnxValue x_TBD = x_BF.Reshape(0, settings.Tokens, slice).Permute(1, 0, 2).MatMul(slice_TID) + slice_T1D;
        foreach (Block block in blocks) x_TBD = block.Export(x_TBD);
        return head.Export(x_TBD.Mean(0));
    }

    sealed class Block
    {
        readonly RankMixerSettings settings;
        readonly Tensor norm1_D, shift1_D, norm2_D, shift2_D;
        readonly IRankMixerFeedForward feedForward;

        public Block(ParameterSet parameters, string name, RankMixerSettings settings)
        {
            this.settings = settings;
            int d = settings.Dim;
            norm1_D = parameters.Add($"{name}.norm1.weight", Initial.One, d);
            shift1_D = parameters.Add($"{name}.norm1.bias", Initial.Zero, d);
            norm2_D = parameters.Add($"{name}.norm2.weight", Initial.One, d);
            shift2_D = parameters.Add($"{name}.norm2.bias", Initial.Zero, d);
            feedForward = settings.Experts > 0 ? new ReluRoutedMoe(parameters, name, settings) : new PerTokenGelu(parameters, name, settings);
        }

        public Tensor Forward(Tensor x_TBD, bool dense, ForwardPass pass)
        {
            Tensor s_TBD = Norm(Mixing.Mix(x_TBD, settings.Tokens).Plus(x_TBD), norm1_D, shift1_D);
            return Norm(feedForward.Forward(s_TBD, dense, pass).Plus(s_TBD), norm2_D, shift2_D);
        }

        public OnnxValue Export(OnnxValue x_TBD)
        {
            OnnxValue s_TBD = (Mixing.Export(x_TBD, settings.Tokens, settings.Tokens, settings.Dim) + x_TBD).LayerNorm(norm1_D, shift1_D);
            return (feedForward.Export(s_TBD) + s_TBD).LayerNorm(norm2_D, shift2_D);
        }

        Tensor Norm(Tensor x, Tensor weight_D, Tensor bias_D) => nn.functional.layer_norm(x, [settings.Dim], weight_D, bias_D, 1e-5);
    }
}
