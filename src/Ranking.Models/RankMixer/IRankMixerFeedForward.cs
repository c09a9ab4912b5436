using Ranking.Models.Networks;
using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.RankMixer;

/// <summary>A feed-forward with weights of its own for each token, [T, B, D] to [T, B, D].</summary>
interface IRankMixerFeedForward
{
    /// <param name="s_TBD">The normalised tokens.</param>
    /// <param name="dense">Of a mixture: whether its dense router chooses, in training's second run, instead of the one that serves.</param>
    /// <param name="pass">See there.</param>
    Tensor Forward(Tensor s_TBD, bool dense, ForwardPass pass);

    OnnxValue Export(OnnxValue s_TBD);
}
