using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.TokenMixerLarge;

/// <summary>
/// Tokens (paper section 1): each group's concatenated embeddings pass an MLP of their own to width D; the global token, the first
/// one, is an MLP of all groups' raw concatenation.
/// </summary>
sealed class Tokenizer
{
    readonly InputShape input;
    readonly LinearLayer[]? global;
    readonly LinearLayer[][] tokens;

    public Tokenizer(ParameterSet parameters, InputShape input, TokenMixerLargeSettings settings)
    {
        this.input = input;
        if (settings.GlobalToken) global = Layers("global", input.Width);
        tokens = [.. input.Groups.Select((group, i) => Layers($"token{i}", group.Width))];

        LinearLayer[] Layers(string name, int width)
        {
            Initial weight = settings.TokenizerInit == WeightInit.Xavier ? Initial.Xavier(settings.TokenizerScale) : Initial.Linear(settings.TokenizerScale);
            return [.. Enumerable.Range(1, settings.TokenizerDepth).Select(depth => new LinearLayer(
                parameters, depth == 1 ? name : $"{name}.layer{depth}", depth == 1 ? width : settings.Dim, settings.Dim, weight))];
        }
    }

    /// <summary>T: how many tokens.</summary>
    public int Tokens => tokens.Length + (global is null ? 0 : 1);

    /// <summary>From raw input to tokens [T, B, D].</summary>
    public Tensor Forward(Tensor x_BF)
    {
        List<Tensor> tokens_BD = [];
        if (global is not null) tokens_BD.Add(Rest(global, global[0].Forward(x_BF)));
        for (int i = 0; i < tokens.Length; i++)
            tokens_BD.Add(Rest(tokens[i], tokens[i][0].Forward(x_BF.narrow(1, input.Groups[i].Offset, input.Groups[i].Width))));
        return stack(tokens_BD, 0);
    }

    public OnnxValue Export(OnnxValue x_BF)
    {
        List<OnnxValue> tokens_BD = [];
        if (global is not null) tokens_BD.Add(Rest(global, global[0].Export(x_BF)));
        for (int i = 0; i < tokens.Length; i++)
            tokens_BD.Add(Rest(tokens[i], tokens[i][0].Export(x_BF.Narrow(1, input.Groups[i].Offset, input.Groups[i].Width))));
        return OnnxValue.Stack(0, tokens_BD);
    }

    static OnnxValue Rest(LinearLayer[] layers, OnnxValue x_BD)
    {
        foreach (LinearLayer layer in layers.AsSpan(1)) x_BD = layer.Export(x_BD.Silu());
        return x_BD;
    }

    static Tensor Rest(LinearLayer[] layers, Tensor x_BD)
    {
        foreach (LinearLayer layer in layers.AsSpan(1)) x_BD = layer.Forward(nn.functional.silu(x_BD));
        return x_BD;
    }
}
