using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;

namespace Ranking.Features.Joining;

/// <summary>State by key. In memory here; a real broker's tasks keep it in RocksDB, changelogged.</summary>
public interface IKeyedState<T> where T : class
{
    /// <summary>The value of a key, or null.</summary>
    T? Find(string key);

    /// <summary>Sets the value of a key.</summary>
    void Set(string key, T value);

    /// <summary>Forgets a key.</summary>
    void Remove(string key);
}

/// <summary>State in a dictionary.</summary>
public sealed class MemoryState<T> : IKeyedState<T> where T : class
{
    readonly Dictionary<string, T> values = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public T? Find(string key) => values.GetValueOrDefault(key);

    /// <inheritdoc/>
    public void Set(string key, T value) => values[key] = value;

    /// <inheritdoc/>
    public void Remove(string key) => values.Remove(key);
}

/// <summary>The entities of one kind that a task owns: their state, when they expire, and which rows have changed.</summary>
sealed class Entities(FeaturePlan plan, OwnerPlan owner, IKeyedState<EntityState> states)
{
    readonly long ttlMs = plan.Spec.Entities.GetValueOrDefault(owner.Kind)?.Ttl is { } ttl ? (long)ttl.TotalMilliseconds : long.MaxValue;
    readonly PriorityQueue<string, long> checks = new();
    readonly HashSet<string> changed = new(StringComparer.Ordinal);
    long nowMs = long.MinValue;
    int touched;

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
            states.Set(id, state = new(plan, owner));
            if (ttlMs != long.MaxValue) checks.Enqueue(id, timeMs + ttlMs);
        }
        else if ((++touched & 63) == 0) state.TrimBelow(cutMs); // trimming changes no answer; now and then is enough
        changed.Add(id);
        return state;
    }

    /// <summary>A document of an entity, or its deletion.</summary>
    public void SetDocument(EntityDocument document, FieldValue[]? values, long cutMs)
    {
        Touch(document.Id, document.TimeMs, cutMs).SetDocument(document.TimeMs, values);
        if (values is null) checks.Enqueue(document.Id, document.TimeMs + plan.DelayMs);
    }

    /// <summary>Forgets entities that nothing happened to for their time to live; deletes the rows of those whose deletion no cut can precede any more.</summary>
    public void Expire(long watermarkMs)
    {
        nowMs = watermarkMs;
        while (checks.TryPeek(out string? id, out long at) && at < watermarkMs)
        {
            checks.Dequeue();
            if (states.Find(id) is not { } state) continue;
            if (IsGone(state)) changed.Add(id);
            if (ttlMs == long.MaxValue) continue;
            if (state.LastEventMs + ttlMs < watermarkMs) { states.Remove(id); changed.Add(id); }
            else checks.Enqueue(id, Math.Max(state.LastEventMs + ttlMs, watermarkMs));
        }
    }

    /// <summary>Writes the rows that changed since the last call.</summary>
    public void FlushRows(PackedWriter writer, ITaskOutput output)
    {
        foreach (string id in changed)
        {
            writer.Clear();
            EntityState? state = states.Find(id);
            bool deleted = state is null || IsGone(state);
            if (!deleted) state!.WriteRow(writer);
            output.EmitRow(owner, id, writer.Written, deleted);
        }
        changed.Clear();
    }

    /// <summary>Whether the entity was deleted, so long ago that no cut can precede it. What was counted stays: it may come back.</summary>
    bool IsGone(EntityState state) => state.DeletedMs + plan.DelayMs < nowMs;
}
