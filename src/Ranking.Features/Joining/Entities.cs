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
    readonly long ttlMs;
    readonly PriorityQueue<string, long> checks = new();
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
        ttlMs = plan.Spec.Entities.GetValueOrDefault(owner.Kind)?.Ttl is { } ttl ? (long)ttl.TotalMilliseconds : long.MaxValue;
        foreach ((string id, EntityState state) in states.All)
        {
            if (ttlMs != long.MaxValue) checks.Enqueue(id, state.LastEventMs + ttlMs);
            if (state.DeletedMs is { } deletedMs) checks.Enqueue(id, deletedMs + plan.DelayMs);
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
            if (ttlMs != long.MaxValue) checks.Enqueue(id, timeMs + ttlMs);
        }
        else if ((++touched & 63) == 0) state.TrimBelow(cutMs); // trimming changes no answer; now and then is enough
        Change(id, state);
        return state;
    }

    /// <summary>A document of an entity, or its deletion.</summary>
    public void SetDocument(EntityDocument document, FieldValue[]? values, long cutMs)
    {
        Touch(document.Id, document.TimeMs, cutMs).SetDocument(document.TimeMs, values);
        if (values is null) checks.Enqueue(document.Id, document.TimeMs + plan.DelayMs);
    }

    /// <summary>Forgets entities that nothing happened to for their time to live; deletes the rows of those whose deletion no cut can precede any more.</summary>
    public void Expire(long watermarkMs, ITaskOutput output)
    {
        nowMs = watermarkMs;
        while (checks.TryPeek(out string? id, out long at) && at < watermarkMs)
        {
            checks.Dequeue();
            if (states.Find(id) is not { } state) continue;
            if (IsGone(state)) Change(id, state);
            if (ttlMs == long.MaxValue) continue;
            if (state.LastEventMs + ttlMs >= watermarkMs)
            {
                checks.Enqueue(id, Math.Max(state.LastEventMs + ttlMs, watermarkMs));
                continue;
            }
            // Nothing would remember that its row must go: it goes at once.
            states.Remove(id);
            changed.Remove(id);
            output.DeleteRow(owner, id, nowMs);
        }
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

    /// <summary>Whether the entity was deleted, so long ago that no cut can precede it. What was counted stays: it may come back.</summary>
    bool IsGone(EntityState state) => state.DeletedMs + plan.DelayMs < nowMs;
}
