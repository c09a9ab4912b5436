using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Networks;

/// <summary>
/// What one run of a network needs besides its input: whether it is training, where dropout draws from, and what layers report
/// on the way (penalties that join the loss, the load of experts).
/// </summary>
/// <remarks>
/// Dropout draws from (seed, step) alone: a checkpoint holds those two numbers and no generator's state, and a resumed run drops
/// the same units. On a card the card's own generator is seeded anew for each draw, since TorchSharp makes generators of the CPU
/// only; a CPU and a card drop different units.
/// </remarks>
public sealed class ForwardPass : IDisposable
{
    // Of all passes: a card has one generator, and nobody else may draw from it between a seed and its draw.
    static readonly Lock CardDraw = new();
    readonly Generator? generator;
    readonly ulong drawSeed;
    ulong draws;
    readonly List<Tensor> penalties = [];
    readonly List<ExpertLoad> loads = [];
    readonly List<Action> continuations = [];

    ForwardPass(bool training, Generator? generator, ulong drawSeed = 0) => (Training, this.generator, this.drawSeed) = (training, generator, drawSeed);

    /// <summary>A pass that trains: dropout is on, BatchNorm uses and updates its statistics.</summary>
    public static ForwardPass Train(ulong seed, long step, Device? device = null)
    {
        ulong own = StableHash.Mix(seed ^ StableHash.Mix((ulong)step));
        return new ForwardPass(true, device?.type == DeviceType.CUDA ? null : new Generator(own, CPU), own);
    }

    /// <summary>A pass that scores.</summary>
    public static ForwardPass Score() => new(false, null);

    /// <summary>Whether this pass trains.</summary>
    public bool Training { get; }

    /// <summary>Whether layers report <see cref="Loads"/>: it costs a copy from the device.</summary>
    public bool WantsLoads { get; set; }

    /// <summary>Scalars that join the loss as they are (their weights included).</summary>
    public IReadOnlyList<Tensor> Penalties => penalties;

    /// <summary>How evenly the experts of each layer were used.</summary>
    public IReadOnlyList<ExpertLoad> Loads => loads;

    /// <summary>Zeroes each number with that probability and scales the others to keep the mean; nothing when scoring.</summary>
    public Tensor Dropout(Tensor x, double rate)
    {
        if (!Training || rate <= 0) return x;
        Tensor keep = empty(x.shape, x.dtype, x.device);
        if (generator is not null) keep.bernoulli_(1 - rate, generator);
        else DrawOnCard(keep, 1 - rate);
        return x * keep.div_(Scalars.Held(1 - rate));
    }

    void DrawOnCard(Tensor keep, double share)
    {
        ulong seed = StableHash.Mix(drawSeed + ++draws * 0x9E3779B97F4A7C15);
        lock (CardDraw)
        {
            cuda.manual_seed_all((long)seed);
            keep.bernoulli_(share);
        }
    }

    /// <summary>
    /// Says how the backward pass goes on from leaves that a layer made where autograd does not see it; called once the loss has
    /// left its gradients on them.
    /// </summary>
    public void AfterBackward(Action step) => continuations.Add(step);

    /// <summary>Runs the backward pass: autograd from the loss, then what layers do themselves, the latest first.</summary>
    public void Backward(Tensor loss)
    {
        loss.backward();
        for (int i = continuations.Count - 1; i >= 0; i--) continuations[i]();
    }

    /// <summary>Adds a scalar to the loss.</summary>
    public void AddPenalty(Tensor penalty) => penalties.Add(penalty);

    /// <summary>Reports the load of a layer's experts.</summary>
    public void Report(ExpertLoad load) => loads.Add(load);

    /// <inheritdoc/>
    public void Dispose() => generator?.Dispose();
}

/// <summary>How often the routed experts of one layer were chosen in one batch.</summary>
/// <param name="Layer">Name of the layer, such as <c>block2.f1</c>.</param>
/// <param name="Experts">Routed experts a token.</param>
/// <param name="Counts">Token-major: how many examples chose expert e of token t is at t · <paramref name="Experts"/> + e.</param>
public sealed record ExpertLoad(string Layer, int Experts, IReadOnlyList<long> Counts)
{
    /// <summary>The busiest expert's share over the even share, of the worst token: 1 is perfectly even, <see cref="Experts"/> is one expert doing all.</summary>
    public double Imbalance => Counts.Chunk(Experts).Max(token => token.Sum() is var sum and > 0 ? (double)token.Max() * Experts / sum : 1);
}
