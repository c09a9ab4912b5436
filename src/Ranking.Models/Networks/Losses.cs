using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Ranking.Models.Networks;

/// <summary>What training minimises.</summary>
public static class Losses
{
    /// <summary>
    /// Mean binary cross-entropy over batch and tasks, plus λ times the mean over the auxiliary towers, plus the penalties of the
    /// pass (paper section 2; "auxiliary loss").
    /// </summary>
    /// <param name="output">Of the network.</param>
    /// <param name="labels_BK">0 or 1.</param>
    /// <param name="weights_BK">Weight of each label (0: unknown); null: all 1. The mean divides by the sum of the weights.</param>
    /// <param name="auxiliaryWeight">λ.</param>
    /// <param name="pass">Of the same forward.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Of(NetworkOutput output, Tensor labels_BK, Tensor? weights_BK, double auxiliaryWeight, ForwardPass pass)
    {
        Tensor? sum = weights_BK?.sum().clamp_min(Scalars.Held(1e-12));
        Tensor Mean(Tensor logits_BK) => weights_BK is null
            ? binary_cross_entropy_with_logits(logits_BK, labels_BK)
            : binary_cross_entropy_with_logits(logits_BK, labels_BK, weights_BK, nn.Reduction.Sum) / sum!;
        Tensor loss = Mean(output.Logits_BK);
        if (output.Auxiliary_BK.Count > 0)
        {
            Tensor auxiliary = Mean(output.Auxiliary_BK[0]);
            for (int i = 1; i < output.Auxiliary_BK.Count; i++) auxiliary = auxiliary.Plus(Mean(output.Auxiliary_BK[i]));
            loss = loss.Plus(auxiliary * Scalars.Held(auxiliaryWeight / output.Auxiliary_BK.Count));
        }
        foreach (Tensor penalty in pass.Penalties) loss = loss.Plus(penalty);
        return loss;
    }
}
