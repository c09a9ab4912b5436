using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Rivals;

/// <summary>
/// The linear part of lr, fm and deepfm: the first K numbers of each row are the id's weights, one a task (their mean over a
/// list), and each plain number has one a task.
/// </summary>
sealed class LinearPart
{
    readonly InputSpan[] ids, numbers;
    readonly Tensor? weights_NK;
    readonly Tensor bias_K;

    public LinearPart(ParameterSet parameters, string name, InputShape input, int tasks)
    {
        ids = [.. input.Columns.DistinctBy(c => c.Name).Where(c => c.IsIds)];
        numbers = [.. input.Columns.DistinctBy(c => c.Name).Where(c => !c.IsIds)];
        if (numbers.Length > 0) weights_NK = parameters.Add($"{name}.weight", Initial.Zero, numbers.Sum(n => n.Width), tasks);
        bias_K = parameters.Add($"{name}.bias", Initial.Zero, tasks);
    }

    /// <summary>[B, K].</summary>
    public Tensor Forward(Tensor x_BF)
    {
        Tensor logits_BK = bias_K.expand(x_BF.shape[0], bias_K.shape[0]);
        foreach (InputSpan id in ids) logits_BK = logits_BK.Plus(x_BF.narrow(1, id.Offset, bias_K.shape[0]));
        return weights_NK is null ? logits_BK : logits_BK.Plus(cat(numbers.Select(c => x_BF.narrow(1, c.Offset, c.Width)).ToArray(), 1).mm(weights_NK));
    }

    public OnnxValue Export(OnnxValue x_BF)
    {
        OnnxValue? sum_BK = null;
        foreach (InputSpan id in ids) sum_BK = x_BF.Narrow(1, id.Offset, bias_K.shape[0]) + (sum_BK ?? x_BF.Graph.Constant(0f));
        if (weights_NK is not null)
            sum_BK = OnnxValue.Cat(1, [.. numbers.Select(c => x_BF.Narrow(1, c.Offset, c.Width))]).MatMul(weights_NK) + (sum_BK ?? x_BF.Graph.Constant(0f));
        return sum_BK!.Value + bias_K;
    }
}
