using Ranking.Features.Examples;
using Ranking.Models.Networks;
using static TorchSharp.torch;

namespace Ranking.Models.Input;

/// <summary>Brings batches of examples to a network that trains, and their gradients back to the rows of the ID tables.</summary>
interface IBatchFeed : IDisposable
{
    /// <summary>For people: where rows are looked up and trained, and why.</summary>
    string Path { get; }

    /// <summary>Whether the tables already count a batch that was not learned from yet.</summary>
    bool IsAhead { get; }

    /// <summary>How long the thread that trains has waited for batches that were prepared elsewhere, or had to prepare one that should have been.</summary>
    TimeSpan Waited { get; }

    /// <summary>Begins a batch: ids are counted, admitted, evicted; the input has leaves for gradients.</summary>
    /// <param name="examples">At least one; what was <paramref name="next"/> in the call before, if that was given.</param>
    /// <param name="next">The batch after it: prepared meanwhile where rows are not on this processor's hands; null: unknown.</param>
    /// <exception cref="ArgumentException">An example does not fit the layout.</exception>
    FedBatch Begin(IReadOnlyList<Example> examples, IReadOnlyList<Example>? next);

    /// <summary>Takes the gradients of the input's leaves to the rows.</summary>
    void Backward();

    /// <summary>Sum of the squares of the rows' gradients.</summary>
    double SquaredGradientNorm();

    /// <summary>Adagrad on the batch's rows; <see cref="Tables.IdTable.Apply"/> says how.</summary>
    void Apply(float learningRate, float decay, float scale);

    /// <summary>Brings into the tables what was trained elsewhere.</summary>
    void Fetch();
}

/// <summary>A batch as the network trains on it, on its device.</summary>
/// <param name="Input">With gradients.</param>
/// <param name="Labels_BK">0 or 1.</param>
/// <param name="Weights_BK">Weight of each label, 0 where it is unknown; null: all 1.</param>
sealed record FedBatch(NetworkInput Input, Tensor Labels_BK, Tensor? Weights_BK);
