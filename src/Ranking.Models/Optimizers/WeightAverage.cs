using Ranking.Models.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Ranking.Models.Optimizers;

/// <summary>
/// An exponential moving average of the dense parameters: <c>a = f·a + (1 − f)·p</c>, where f grows as (1 + step)/(10 + step) up to
/// its factor, so that a short run is not held back by the start. Rows of ID tables are not averaged.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    readonly double factor;
    readonly (string Name, Tensor Parameter, Tensor Average)[] slots;

    /// <summary>Over all parameters of a set, starting at their values.</summary>
    public WeightAverage(ParameterSet parameters, double factor)
    {
        this.factor = factor;
        using IDisposable _ = no_grad();
        slots = [.. parameters.ParameterNames.Select(name => (name, parameters[name], parameters[name].detach().clone().DetachFromDisposeScope()))];
    }

    /// <summary>What a checkpoint holds.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State => slots.Select(s => ($"{s.Name}.average", s.Average));

    /// <summary>Takes the parameters of a step in; the first step is 1.</summary>
    public void Update(long step)
    {
        using IDisposable _ = no_grad();
        double now = Math.Min(factor, (1.0 + step) / (10.0 + step));
        foreach (var slot in slots) slot.Average.mul_(Scalars.Held(now)).add_(slot.Parameter, Scalars.Held(1 - now));
    }

    /// <summary>Exchanges parameters and averages; disposing the result exchanges them back.</summary>
    public IDisposable Swap() => new Swapped(this);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in slots) slot.Average.Dispose();
    }

    void Exchange()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable _ = no_grad();
        foreach (var slot in slots)
        {
            Tensor held = slot.Parameter.detach().clone();
            slot.Parameter.copy_(slot.Average);
            slot.Average.copy_(held);
        }
    }

    sealed class Swapped : IDisposable
    {
        readonly WeightAverage average;
        bool done;

        public Swapped(WeightAverage average)
        {
            this.average = average;
            average.Exchange();
        }

        public void Dispose()
        {
            if (!done) average.Exchange();
            done = true;
        }
    }
}
