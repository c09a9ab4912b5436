using Ranking.Models.Cuda;
using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.TokenMixerLarge;

/// <summary>
/// TokenMixer-Large (arXiv 2602.06563): tokenizer, L blocks with inter-layer residuals and auxiliary towers, readout, a tower a task.
/// </summary>
/// <remarks>Letters of shape suffixes: B examples, F raw numbers, T tokens, D token width, H mixed tokens, W mixed width, K tasks.</remarks>
public sealed class TokenMixerLargeNetwork : IRankingNetwork, IDisposable
{
    readonly TokenMixerLargeSettings settings;
    readonly TokenBatchNorm? inputNorm;
    readonly CrossNetwork? cross;
    readonly Tokenizer tokenizer;
    readonly TokenMixerBlock[] blocks;
    readonly SortedDictionary<int, (ITokenNorm Norm, LinearLayer Tower)> auxiliary = [];
    readonly ITokenNorm? finalNorm;
    readonly Towers towers;
    readonly LinearLayer? crossHead;
    readonly CardBlocks card;

    /// <summary>Adds the network's tensors to a set.</summary>
    /// <exception cref="ArgumentException">Settings that no model can have.</exception>
    public TokenMixerLargeNetwork(InputShape input, int tasks, TokenMixerLargeSettings settings, ParameterSet parameters)
    {
        this.settings = settings.Validated();
        Parameters = parameters;
        if (settings.InputNorm) inputNorm = new TokenBatchNorm(parameters, "input_norm", input.Width, 1);
        if (settings.Cross != CrossPlace.None) cross = new CrossNetwork(parameters, "cross", input.Width, settings.CrossLayers);
        tokenizer = new Tokenizer(parameters, input, settings);
        int tokens = tokenizer.Tokens;
        Setting.Require(tokens * settings.Dim % settings.MixedTokens == 0, "mixed_tokens", settings.MixedTokens, "a divisor of tokens · dim");
        blocks = [.. Enumerable.Range(1, settings.Layers).Select(l => Block(l))];
        if (settings.FinalNorm) finalNorm = Norm("norm");
        int width = settings.Readout == TokenReadout.Concat ? tokens * settings.Dim : settings.Dim;
        towers = new Towers(parameters, "head", width, tasks, settings.TowerHidden, settings.ReadoutDropout);
        if (settings.Cross == CrossPlace.Beside) crossHead = new LinearLayer(parameters, "cross_head", input.Width, tasks);
        card = new CardBlocks(settings, tokens, parameters);

        TokenMixerBlock Block(int l)
        {
            TokenMixerBlock block = new(parameters, $"block{l}", tokens, settings);
            if (IsJoint(l)) auxiliary.Add(l, (Norm($"aux{l}.norm"), new LinearLayer(parameters, $"aux{l}", settings.Dim, tasks)));
            return block;
        }

        ITokenNorm Norm(string name) => new RmsNorm(parameters, name, settings.Dim, tokens, settings.NormPerToken, settings.NormEpsilon);
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public string ComputePath => card.Path;

    /// <inheritdoc/>
    public void Dispose() => card.Dispose();

    /// <inheritdoc/>
    public NetworkOutput Forward(NetworkInput input, ForwardPass pass)
    {
        Tensor x_BF = inputNorm is null ? input.X_BF : inputNorm.ForwardOne(input.X_BF, pass);
        Tensor? crossed_BF = cross?.Forward(x_BF);
        NetworkOutput output = Blocks(tokenizer.Forward(settings.Cross == CrossPlace.Front ? crossed_BF! : x_BF), pass);
        return crossHead is null ? output : output with { Logits_BK = output.Logits_BK.Plus(crossHead.Forward(crossed_BF!)) };
    }

    /// <summary>From tokens to logits.</summary>
    NetworkOutput Blocks(Tensor x_TBD, ForwardPass pass)
    {
        if (card.Takes(pass))
        {
            (Tensor pooled_BD, IReadOnlyList<Tensor> joints_TBD) = card.Forward(x_TBD, pass);
            return new NetworkOutput(towers.Forward(pooled_BD, pass), [.. auxiliary.Values.Zip(joints_TBD, (a, joint_TBD) => Auxiliary(a, joint_TBD, pass))]);
        }
        Tensor saved_TBD = x_TBD;
        List<Tensor> auxiliary_BK = [];
        for (int l = 1; l <= blocks.Length; l++)
        {
            x_TBD = blocks[l - 1].Forward(x_TBD, pass);
            if (!IsJoint(l)) continue;
            // Inter-layer residual: a lower block's output joins here, never the last block.
            x_TBD = x_TBD.Plus(saved_TBD);
            saved_TBD = x_TBD;
            if (pass.Training) auxiliary_BK.Add(Auxiliary(auxiliary[l], x_TBD, pass));
        }
        if (finalNorm is not null) x_TBD = finalNorm.Forward(x_TBD, pass);
        Tensor read_BD = settings.Readout switch
        {
            TokenReadout.Concat => x_TBD.permute(1, 0, 2).flatten(1),
            TokenReadout.Global => x_TBD.select(0, 0),
            _ => x_TBD.mean([0]),
        };
        return new NetworkOutput(towers.Forward(read_BD, pass), auxiliary_BK);
    }

    /// <inheritdoc/>
    OnnxValue IRankingNetwork.Export(OnnxValue x_BF)
    {
        if (inputNorm is not null) x_BF = inputNorm.ExportOne(x_BF);
        OnnxValue crossed_BF = cross?.Export(x_BF) ?? x_BF;
        OnnxValue x_TBD = tokenizer.Export(settings.Cross == CrossPlace.Front ? crossed_BF : x_BF), saved_TBD = x_TBD;
        for (int l = 1; l <= blocks.Length; l++)
        {
            x_TBD = blocks[l - 1].Export(x_TBD);
            if (IsJoint(l)) saved_TBD = x_TBD += saved_TBD;
        }
        if (finalNorm is not null) x_TBD = finalNorm.Export(x_TBD);
        OnnxValue logits_BK = towers.Export(settings.Readout switch
        {
            TokenReadout.Concat => x_TBD.Permute(1, 0, 2).Reshape(0, tokenizer.Tokens * settings.Dim),
            TokenReadout.Global => x_TBD.Narrow(0, 0, 1).Squeeze(0),
            _ => x_TBD.Mean(0),
        });
        return crossHead is null ? logits_BK : logits_BK + crossHead.Export(crossed_BF);
    }

    static Tensor Auxiliary((ITokenNorm Norm, LinearLayer Tower) part, Tensor x_TBD, ForwardPass pass) =>
        part.Tower.Forward(part.Norm.Forward(x_TBD, pass).mean([0]));

    bool IsJoint(int l) => settings.InterLayerGap > 0 && l % settings.InterLayerGap == 0 && l < settings.Layers;
}
