using Ranking.Models.Networks;
using Ranking.Models.TokenMixerLarge;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Cuda;

/// <summary>Whether a model's blocks train on the kernels, and the kernels' side of them once they do.</summary>
sealed class CardBlocks : IDisposable
{
    readonly TokenMixerLargeSettings settings;
    readonly ParameterSet parameters;
    readonly int tokens;
    readonly CudaDevice? card;
    TrainedBlocks? trained;

    /// <summary>Looks at the model's device and settings; allocates nothing yet.</summary>
    internal CardBlocks(TokenMixerLargeSettings settings, int tokens, ParameterSet parameters)
    {
        (this.settings, this.tokens, this.parameters) = (settings, tokens, parameters);
        string reason = parameters.Device.type != DeviceType.CUDA ? "the model is on the CPU"
            : parameters.Type != ScalarType.Float32 ? $"parameters are {parameters.Type}; expected Float32" : "";
        if (reason.Length == 0) BlockSupport.Shape(settings, tokens, 1, out reason);
        if (reason.Length == 0) card = CudaDevice.TryOpen(out reason, Math.Max(0, parameters.Device.index));
        if (card is not null && !KernelCompiler.IsPresent(out reason))
        {
            card.Dispose();
            card = null;
        }
        Path = card is null ? $"torch ({reason})" : $"ranking kernels ({card.Name})";
    }

    /// <summary>For people: which code trains the blocks, and why.</summary>
    internal string Path { get; }

    /// <summary>Whether this pass runs on the kernels.</summary>
    internal bool Takes(ForwardPass pass) => card is not null && pass.Training && !pass.WantsLoads;

    /// <summary>As <see cref="TrainedBlocks.Forward"/>; memory is made for the first batch and again for a larger one.</summary>
    internal (Tensor Pooled_BD, IReadOnlyList<Tensor> Joints_TBD) Forward(Tensor x_TBD, ForwardPass pass)
    {
        int batch = (int)x_TBD.shape[1];
        if (trained is null || trained.Capacity < batch)
        {
            trained?.Dispose();
            trained = null;
            trained = new TrainedBlocks(card!, BlockSupport.Shape(settings, tokens, batch, out _)!, parameters);
        }
        return trained.Forward(x_TBD, pass);
    }

    /// <summary>Frees the card's memory.</summary>
    public void Dispose()
    {
        trained?.Dispose();
        trained = null;
        card?.Dispose();
    }
}
