using Ranking.Features.Events;
using Ranking.Features.Joining.State;

namespace Ranking.Features.Joining;

/// <summary>
/// What was served, until its impression has come or cannot come any more: a record is of the impressions of its request, user and item
/// whose time is within a label window of its own. Records come in order, so the first that fits is the least.
/// </summary>
sealed class ServedItems
{
    readonly INumberedState<Served> state;
    readonly long windowMs;
    readonly Queue<(long Number, Served Served)> held = new();
    readonly Dictionary<(string User, string RequestId, string Item), List<Served>> of = [];
    long next;

    public ServedItems(INumberedState<Served> state, long windowMs)
    {
        (this.state, this.windowMs) = (state, windowMs);
        foreach ((long number, Served served) in state.All) Hold(number, served);
    }

    public void Add(Served served)
    {
        state.Put(next, served);
        Hold(next, served);
    }

    /// <summary>Whether a record is of an impression.</summary>
    public bool Fits(Served served, Impression impression) =>
        served.RequestId == impression.RequestId && served.Item == impression.Item && Math.Abs(served.TimeMs - impression.TimeMs) < windowMs;

    /// <summary>The least record of an impression among those held, or null.</summary>
    public Served? Find(Impression impression) =>
        of.TryGetValue((impression.User, impression.RequestId, impression.Item), out List<Served>? all) ? all.Find(s => Fits(s, impression)) : null;

    /// <summary>Forgets a user's records from before a time.</summary>
    public void Erase(string user, long beforeMs)
    {
        (long Number, Served Served)[] all = [.. held];
        held.Clear();
        of.Clear();
        foreach ((long number, Served served) in all)
        {
            if (served.User == user && served.TimeMs < beforeMs) state.Remove(number);
            else Hold(number, served);
        }
    }

    /// <summary>Forgets what no impression can be of any more.</summary>
    /// <param name="watermarkMs">No event below this will come.</param>
    public void Expire(long watermarkMs)
    {
        while (held.TryPeek(out (long Number, Served Served) first) && first.Served.TimeMs + windowMs <= watermarkMs)
        {
            held.Dequeue();
            state.Remove(first.Number);
            var key = (first.Served.User, first.Served.RequestId, first.Served.Item);
            List<Served> all = of[key];
            all.Remove(first.Served);
            if (all.Count == 0) of.Remove(key);
        }
    }

    void Hold(long number, Served served)
    {
        next = Math.Max(next, number + 1);
        held.Enqueue((number, served));
        var key = (served.User, served.RequestId, served.Item);
        if (!of.TryGetValue(key, out List<Served>? all)) of.Add(key, all = []);
        all.Add(served);
    }
}
