using System.Numerics.Tensors;
using Ranking.Models.Networks;

namespace Ranking.Models.Scoring;

/// <summary>A linear layer as plain numbers.</summary>
sealed class ScoringLinear(ParameterSet parameters, string name)
{
    public readonly float[] Weight_IO = parameters.ToArray($"{name}.weight"), Bias_O = parameters.ToArray($"{name}.bias");

    public int Output => Bias_O.Length;

    public int Input => Weight_IO.Length / Bias_O.Length;

    public void Forward(ReadOnlySpan<float> x_BI, int strideX, Span<float> y_BO, int strideY, int examples) =>
        Kernels.Multiply(x_BI, strideX, Weight_IO, y_BO, strideY, examples, Input, Output, Bias_O);
}

/// <summary>RMSNorm, or BatchNorm with its running statistics folded into one factor and one term a number.</summary>
sealed class ScoringNorm
{
    readonly float[] factor;
    readonly float[]? term;
    readonly float epsilon;
    readonly int width;

    /// <param name="parameters">The model's tensors.</param>
    /// <param name="name">Of the norm.</param>
    /// <param name="width">Numbers a token.</param>
    /// <param name="epsilon">Of RMSNorm.</param>
    public ScoringNorm(ParameterSet parameters, string name, int width, double epsilon)
    {
        (this.width, this.epsilon) = (width, (float)epsilon);
        if (!parameters.Names.Contains($"{name}.running_var"))
        {
            factor = parameters.ToArray(name);
            return;
        }
        float[] mean = parameters.ToArray($"{name}.running_mean"), variance = parameters.ToArray($"{name}.running_var");
        factor = parameters.ToArray($"{name}.weight");
        term = parameters.ToArray($"{name}.bias");
        for (int i = 0; i < factor.Length; i++)
        {
            factor[i] = (float)(factor[i] / Math.Sqrt(variance[i] + TokenBatchNorm.Epsilon));
            term[i] -= mean[i] * factor[i];
        }
    }

    /// <summary>y = norm(x) of one token of one example; they may be the same.</summary>
    public void Forward(int token, ReadOnlySpan<float> x, Span<float> y)
    {
        ReadOnlySpan<float> own = factor.Length == width ? factor : factor.AsSpan(token * width, width);
        if (term is null) Kernels.RmsNorm(x, own, epsilon, y);
        else TensorPrimitives.MultiplyAdd(x, own, term.Length == width ? term : term.AsSpan(token * width, width), y);
    }
}
