using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>A norm of token-major tensors [N, B, W]: N tokens, B examples, W numbers a token.</summary>
interface ITokenNorm
{
    Tensor Forward(Tensor x_NBW, ForwardPass pass);

    OnnxValue Export(OnnxValue x_NBW);
}

/// <summary>RMSNorm over the last dimension, without bias: <c>x / √(mean(x²) + ε) · γ</c>.</summary>
sealed class RmsNorm(ParameterSet parameters, string name, int width, int tokens, bool perToken, double epsilon) : ITokenNorm
{
    readonly Tensor gamma = perToken ? parameters.Add(name, Initial.One, tokens, 1, width) : parameters.Add(name, Initial.One, width);

    public Tensor Forward(Tensor x_NBW, ForwardPass pass) =>
        x_NBW * (x_NBW * x_NBW).mean([-1], true).Plus(epsilon).rsqrt() * gamma;

    public OnnxValue Export(OnnxValue x_NBW) => x_NBW * ((x_NBW * x_NBW).Mean(-1, keep: true) + epsilon).Rsqrt() * gamma;
}

/// <summary>BatchNorm over the examples, each number of each token by itself; running statistics when scoring (momentum 0.1, ε 1e-5).</summary>
sealed class TokenBatchNorm : ITokenNorm
{
    const double Momentum = 0.1;

    public const double Epsilon = 1e-5;
    readonly Tensor gamma, beta, mean, variance;

    public TokenBatchNorm(ParameterSet parameters, string name, int width, int tokens)
    {
        gamma = parameters.Add($"{name}.weight", Initial.One, tokens, 1, width);
        beta = parameters.Add($"{name}.bias", Initial.Zero, tokens, 1, width);
        mean = parameters.AddBuffer($"{name}.running_mean", Initial.Zero, tokens, 1, width);
        variance = parameters.AddBuffer($"{name}.running_var", Initial.One, tokens, 1, width);
    }

    /// <summary>Of one vector an example, [B, W].</summary>
    public Tensor ForwardOne(Tensor x_BW, ForwardPass pass) => Forward(x_BW.unsqueeze(0), pass).squeeze(0);

    public Tensor Forward(Tensor x_NBW, ForwardPass pass)
    {
        if (!pass.Training || x_NBW.shape[1] < 2)
            return ((x_NBW - mean) * variance.Plus(Epsilon).rsqrt() * gamma).Plus(beta);
        Tensor mean_N1W = x_NBW.mean([1], true), centred_NBW = x_NBW - mean_N1W, variance_N1W = (centred_NBW * centred_NBW).mean([1], true);
        using (no_grad())
        {
            double examples = x_NBW.shape[1];
            mean.mul_(Scalars.Held(1 - Momentum)).add_(mean_N1W, Scalars.Held(Momentum));
            variance.mul_(Scalars.Held(1 - Momentum)).add_(variance_N1W, Scalars.Held(Momentum * examples / (examples - 1)));
        }
        return (centred_NBW * variance_N1W.Plus(Epsilon).rsqrt() * gamma).Plus(beta);
    }

    public OnnxValue ExportOne(OnnxValue x_BW) => Export(x_BW.Unsqueeze(0)).Squeeze(0);

    public OnnxValue Export(OnnxValue x_NBW) => (x_NBW - mean) * (x_NBW.Graph.Weight(variance) + Epsilon).Rsqrt() * gamma + beta;
}
