using Ranking.Models.Export;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>A dense network from a batch's numbers to one logit a task: what every KIND of model is.</summary>
/// <remarks>Letters of shape suffixes: B examples, F numbers of the whole input, K tasks.</remarks>
public interface IRankingNetwork
{
    /// <summary>The tensors that it trains.</summary>
    ParameterSet Parameters { get; }

    /// <summary>For people: which code trains the network's layers, and why.</summary>
    string ComputePath => "torch";

    /// <summary>Scores a batch. Tensors are created in the caller's dispose scope.</summary>
    NetworkOutput Forward(NetworkInput input, ForwardPass pass);

    /// <summary>What <see cref="Forward"/> does when scoring, as a graph for other programs: from [B, F] to logits [B, K].</summary>
    internal OnnxValue Export(OnnxValue x_BF);
}

/// <summary>What a network reads.</summary>
/// <param name="X_BF">Every column's vector beside each other, group after group, as <see cref="InputShape"/> lays them out.</param>
/// <param name="Sequences">The unpooled sequences that target attention reads; empty where columns arrive pooled.</param>
public sealed record NetworkInput(Tensor X_BF, IReadOnlyList<SequenceInput> Sequences)
{
    /// <summary>An input without sequences.</summary>
    public NetworkInput(Tensor x_BF) : this(x_BF, []) { }
}

/// <summary>The members of one sequence column.</summary>
/// <param name="X_BSD">[B, S, D]: the embeddings, padded with zeros to the longest of the batch.</param>
/// <param name="Mask_BS">[B, S]: 1 where there is a member, 0 where there is padding.</param>
public sealed record SequenceInput(Tensor X_BSD, Tensor Mask_BS);

/// <summary>What a network answers.</summary>
/// <param name="Logits_BK">[B, K].</param>
/// <param name="Auxiliary_BK">Logits of towers on lower blocks, which join the loss only.</param>
public sealed record NetworkOutput(Tensor Logits_BK, IReadOnlyList<Tensor> Auxiliary_BK)
{
    /// <summary>An output without auxiliary towers.</summary>
    public NetworkOutput(Tensor logits_BK) : this(logits_BK, []) { }
}
