using Ranking.Features.Events;
using Ranking.Features.Joining.State;

namespace Ranking.Features.Joining;

/// <summary>
/// Holds events until no earlier one can come, and releases them in the order (time, kind, identity). Order of arrival and copies end
/// here: everything after it sees the same sequence live, replayed or from files (streams.md, section 2).
/// </summary>
public sealed class Sorter
{
    static readonly Comparer<SourceEvent> Order = Comparer<SourceEvent>.Create((a, b) =>
    {
        int c = SourceEvent.Compare(a, b);
        return c != 0 ? c : a.CompareContent(b); // of one identity the same content wins, whichever arrives first
    });

    readonly PriorityQueue<(SourceEvent Event, long Number), SourceEvent> waiting = new(Order);
    readonly INumberedState<SourceEvent> state;
    long next;

    /// <summary>A sorter that holds what its state holds.</summary>
    /// <param name="state">Its room.</param>
    /// <param name="released">The event that was released last.</param>
    public Sorter(INumberedState<SourceEvent> state, SourceEvent? released = null)
    {
        (this.state, Released) = (state, released);
        foreach ((long number, SourceEvent stored) in state.All)
        {
            waiting.Enqueue((stored, number), stored);
            next = number + 1;
        }
    }

    /// <summary>The event that was released last.</summary>
    public SourceEvent? Released { get; private set; }

    /// <summary>How many events wait.</summary>
    public int Count => waiting.Count;

    /// <summary>Adds an event.</summary>
    public void Add(SourceEvent sourceEvent)
    {
        state.Put(next, sourceEvent);
        waiting.Enqueue((sourceEvent, next++), sourceEvent);
    }

    /// <summary>Forgets events that wait.</summary>
    public void Remove(Func<SourceEvent, bool> gone)
    {
        if (!waiting.UnorderedItems.Any(w => gone(w.Priority))) return;
        ((SourceEvent Event, long Number) Element, SourceEvent Priority)[] all = [.. waiting.UnorderedItems];
        waiting.Clear();
        foreach (((SourceEvent Event, long Number) element, SourceEvent priority) in all)
        {
            if (gone(priority)) state.Remove(element.Number);
            else waiting.Enqueue(element, priority);
        }
    }

    /// <summary>Takes the next event below a watermark.</summary>
    /// <param name="watermarkMs">No event of an earlier time will be added.</param>
    /// <param name="released">The event.</param>
    /// <param name="rejection">Null if it counts; otherwise it repeats the identity of the one released before.</param>
    public bool TryRelease(long watermarkMs, out SourceEvent? released, out Rejection? rejection)
    {
        (released, rejection) = (null, null);
        if (!waiting.TryPeek(out _, out SourceEvent? first) || first.TimeMs >= watermarkMs) return false;
        (released, long number) = waiting.Dequeue();
        state.Remove(number);
        if (Released is { } last && SourceEvent.Compare(last, released) == 0)
            rejection = last.CompareContent(released) == 0 ? Rejection.Copy : Rejection.Conflict;
        else Released = released;
        return true;
    }
}
