using Ranking.Features.Events;
using Ranking.Features.Joining.State;

namespace Ranking.Features.Joining;

/// <summary>Users who were erased, each for as long as something of theirs from before could still come in time.</summary>
sealed class Erasures
{
    readonly INumberedState<Erasure> state;
    readonly Dictionary<string, (long Number, long BeforeMs)> of = new(StringComparer.Ordinal);
    long next;

    public Erasures(INumberedState<Erasure> state)
    {
        this.state = state;
        foreach ((long number, Erasure erasure) in state.All)
        {
            of[erasure.User] = (number, erasure.BeforeMs);
            next = number + 1;
        }
    }

    public void Add(Erasure erasure)
    {
        if (of.TryGetValue(erasure.User, out (long Number, long BeforeMs) known))
        {
            if (known.BeforeMs >= erasure.BeforeMs) return;
            state.Remove(known.Number);
        }
        of[erasure.User] = (next, erasure.BeforeMs);
        state.Put(next++, erasure);
    }

    /// <summary>Whether an event is of an erased user, from before.</summary>
    public bool Refuses(SourceEvent sourceEvent) =>
        of.Count > 0 && UserOf(sourceEvent) is { } user && of.TryGetValue(user, out (long Number, long BeforeMs) known) && sourceEvent.TimeMs < known.BeforeMs;

    /// <summary>Forgets erasures before which nothing comes in time any more.</summary>
    /// <param name="watermarkMs">An event below this is late.</param>
    public void Expire(long watermarkMs)
    {
        if (of.Count == 0) return;
        foreach ((string user, (long number, long beforeMs)) in of.Where(e => e.Value.BeforeMs <= watermarkMs).ToArray())
        {
            of.Remove(user);
            state.Remove(number);
        }
    }

    static string? UserOf(SourceEvent sourceEvent) => sourceEvent is EntityDocument { Kind: not "user" } ? null : sourceEvent.Key;
}
