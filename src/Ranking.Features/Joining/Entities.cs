using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining.State;
using Ranking.Features.Rows;

namespace Ranking.Features.Joining;

/// <summary>The entities of one kind that a task owns: their state, when they expire, and which rows have changed.</summary>
sealed class Entities
{
    readonly FeaturePlan plan;
    readonly OwnerPlan owner;
    readonly IEntityStates states;
    readonly PriorityQueue<(string Id, Check What), long> checks = new();
    readonly HashSet<string> changed = new(StringComparer.Ordinal);
    long nowMs;
    long round;
    int touched;

    /// <summary>The entities that a state holds.</summary>
    /// <param name="plan">The spec, resolved.</param>
    /// <param name="owner">Their kind.</param>
    /// <param name="states">What is known of them.</param>
    /// <param name="nowMs">The watermark by which they expired last.</param>
    /// <param name="round">How often rows were written.</param>
    public Entities(FeaturePlan plan, OwnerPlan owner, IEntityStates states, long nowMs, long round)
    {
        (this.plan, this.owner, this.states, this.nowMs, this.round) = (plan, owner, states, nowMs, round);
        foreach ((string id, EntityState state) in states.All)
        {
            if (owner.TtlMs != long.MaxValue) checks.Enqueue((id, Check.Expired), ExpiresMs(state));
            if (state.DeletedMs is { } deletedMs) checks.Enqueue((id, Check.Gone), deletedMs + plan.DelayMs);
            WillForget(id, state);
            if (state.RowRound == round) changed.Add(id);
        }
    }

    /// <summary>Whether rows changed since they were written.</summary>
    public bool HasRows => changed.Count > 0;

    /// <summary>The state of an entity, or null.</summary>
    public EntityState? Find(string id) => states.Find(id);

    /// <summary>The state of an entity that is about to change at a time.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="timeMs">Time of the event.</param>
    /// <param name="cutMs">No cut before this will be asked for.</param>
    public EntityState Touch(string id, long timeMs, long cutMs)
    {
        EntityState? state = states.Find(id);
        if (state is null)
        {
            states.Add(id, state = new(plan, owner));
            state.Happened(timeMs);
            if (owner.TtlMs != long.MaxValue) checks.Enqueue((id, Check.Expired), ExpiresMs(state));
        }
        else
        {
            if ((++touched & 63) == 0) state.TrimBelow(cutMs); // trimming changes no answer; now and then is enough
            if (state.Happened(timeMs)) WillForget(id, state);
        }
        Change(id, state);
        return state;
    }

    /// <summary>A document of an entity, or its deletion.</summary>
    public void SetDocument(EntityDocument document, FieldValue[]? values, long cutMs)
    {
        EntityState state = Touch(document.Id, document.TimeMs, cutMs);
        state.SetDocument(document.TimeMs, values);
        if (values is not null) return;
        checks.Enqueue((document.Id, Check.Gone), document.TimeMs + plan.DelayMs);
        WillForget(document.Id, state);
    }

    /// <summary>
    /// Forgets what deletions and silences ended, and entities of which nothing is left; the row of one that was deleted goes as soon as no
    /// cut can precede its deletion. What is forgotten when is decided by event times alone, so that the last rows are the same in every run.
    /// </summary>
    /// <param name="watermarkMs">No event below this time comes any more, and no cut below it less the delay.</param>
    /// <param name="output">Where rows are deleted.</param>
    public void Expire(long watermarkMs, ITaskOutput output)
    {
        nowMs = watermarkMs;
        long cutMs = watermarkMs - plan.DelayMs - 1;
        while (checks.TryPeek(out (string Id, Check What) due, out long at) && at < watermarkMs)
        {
            checks.Dequeue();
            if (states.Find(due.Id) is not { } state) continue;
            switch (due.What)
            {
                case Check.Expired when ExpiresMs(state) >= watermarkMs: checks.Enqueue(due, ExpiresMs(state)); break;
                case Check.Expired:
                case Check.Forgotten when state.IsDeleted && owner.BucketsEndMs(state.LastEventMs) <= cutMs: Erase(due.Id, output); break; // nothing will remember that its row must go: it goes at once
                case Check.Forgotten:
                    state.Forget(cutMs);
                    Change(due.Id, state);
                    break;
                case Check.Gone when IsGone(state): Change(due.Id, state); break;
            }
        }
    }

    /// <summary>Forgets an entity at once, and deletes its row, known or not.</summary>
    public void Erase(string id, ITaskOutput output)
    {
        if (states.Find(id) is not null) states.Remove(id);
        changed.Remove(id);
        output.DeleteRow(owner, id, nowMs);
    }

    /// <summary>Writes the rows that changed since the last call.</summary>
    public void FlushRows(PackedWriter writer, ITaskOutput output)
    {
        round++;
        foreach (string id in changed)
        {
            EntityState state = states.Find(id)!;
            if (IsGone(state))
            {
                output.DeleteRow(owner, id, nowMs);
                continue;
            }
            writer.Clear();
            state.WriteRow(writer);
            output.EmitRow(owner, id, writer.Written);
        }
        changed.Clear();
    }

    void Change(string id, EntityState state)
    {
        state.RowRound = round;
        states.Changed(id, state);
        changed.Add(id);
    }

    void WillForget(string id, EntityState state)
    {
        foreach (long timeMs in state.ForgetsAt()) checks.Enqueue((id, Check.Forgotten), timeMs + plan.DelayMs + 1);
    }

    /// <summary>The watermark after which nothing of an entity can be asked any more, if nothing happens to it.</summary>
    long ExpiresMs(EntityState state) => Math.Max(state.LastEventMs + owner.TtlMs, owner.BucketsEndMs(state.LastEventMs)) + plan.DelayMs + 1;

    /// <summary>Whether the entity was deleted, so long ago that no cut can precede it, and nothing happened to it since.</summary>
    bool IsGone(EntityState state) => state.IsDeleted && state.LastEventMs + plan.DelayMs < nowMs;

    /// <summary>What is due of an entity: its time to live, the end of its row, the end of what a deletion or a silence hides.</summary>
    enum Check : byte { Expired, Gone, Forgotten }
}
