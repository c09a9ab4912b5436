using Ranking.Features.Examples;
using Ranking.Features.Joining.State;
using Ranking.Features.Rows;

namespace Ranking.Streams.State;

/// <summary>The entities of one kind: those in use as objects, the others as committed bytes, and which of them changed since the last commit.</summary>
sealed class EntityRoom : IEntityStates
{
    readonly FeaturePlan plan;
    readonly OwnerPlan owner;
    readonly IStateReader stored;
    readonly StateMemory memory;
    readonly Dictionary<string, Held> held = new(StringComparer.Ordinal);
    readonly Queue<Held> inTurn = [];
    readonly List<Held> changed = [], removed = [];

    public EntityRoom(FeaturePlan plan, OwnerPlan owner, IStateReader stored, StateMemory memory)
    {
        (this.plan, this.owner, this.stored, this.memory) = (plan, owner, stored, memory);
        memory.Add(this);
    }

    /// <summary>What its objects take, estimated.</summary>
    public long Bytes { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, EntityState>> All => stored.Rooms(Room, (byte)(Room + 1)).Select(s => KeyValuePair.Create(StateKeys.Id(s.Key), Due(s.Value!)));

    byte Room => (byte)(StateKeys.Entities + owner.Index);

    /// <inheritdoc/>
    public EntityState? Find(string id)
    {
        if (held.TryGetValue(id, out Held? of))
        {
            of.Used = true;
            return of.State;
        }
        if (stored.Get(StateKeys.Of(Room, id)) is not { } bytes) return null;
        return Hold(id, Read(bytes), StateMemory.Estimate(bytes.Length)).State;
    }

    /// <inheritdoc/>
    public void Add(string id, EntityState state)
    {
        held.Remove(id); // one that was removed a moment ago
        Hold(id, state, StateMemory.Estimate(0));
    }

    /// <inheritdoc/>
    public void Changed(string id, EntityState state) => Change(held[id]);

    /// <inheritdoc/>
    public void Remove(string id)
    {
        Held of = held[id];
        of.State = null;
        Change(of);
    }

    /// <summary>Appends the changes since the last time.</summary>
    public void Collect(List<StateChange> changes, PackedWriter writer)
    {
        foreach (Held of in removed) if (held.GetValueOrDefault(of.Id) == of) held.Remove(of.Id);
        removed.Clear();
        foreach (Held of in changed)
        {
            of.IsChanged = false;
            writer.Clear();
            of.State?.WriteState(writer);
            changes.Add(new(StateKeys.Of(Room, of.Id), of.State is null ? null : writer.Written.ToArray()));
            Resize(of, of.State is null ? 0 : StateMemory.Estimate(writer.Written.Length));
            if (of.State is null) removed.Add(of); // until RocksDB has it, it is known here that the entity is gone
        }
        changed.Clear();
        if (inTurn.Count > 2 * held.Count + 1_000) // those that were removed
        {
            Held[] there = [.. inTurn.Where(of => of.State is not null)];
            inTurn.Clear();
            foreach (Held of in there) inTurn.Enqueue(of);
        }
    }

    /// <summary>Lets go of entities, longest unused first, until there is little enough. What is let go is in RocksDB.</summary>
    public void Trim()
    {
        for (int n = inTurn.Count; n > 0 && memory.IsOver; n--)
        {
            Held of = inTurn.Dequeue();
            if (of.State is null) continue; // it was removed
            if (of.Used || of.IsChanged)
            {
                of.Used = false;
                inTurn.Enqueue(of);
                continue;
            }
            held.Remove(of.Id);
            Resize(of, 0);
        }
    }

    Held Hold(string id, EntityState state, int bytes)
    {
        var of = new Held(id) { State = state };
        held.Add(id, of);
        inTurn.Enqueue(of);
        Resize(of, bytes);
        return of;
    }

    void Change(Held of)
    {
        if (of.IsChanged) return;
        of.IsChanged = true;
        changed.Add(of);
    }

    void Resize(Held of, int bytes)
    {
        Bytes += bytes - of.Bytes;
        memory.Changes(bytes - of.Bytes);
        of.Bytes = bytes;
    }

    EntityState Due(byte[] bytes)
    {
        var reader = new PackedReader(bytes);
        return EntityState.ReadDue(ref reader, plan, owner);
    }

    EntityState Read(byte[] bytes)
    {
        var reader = new PackedReader(bytes);
        return EntityState.ReadState(ref reader, plan, owner);
    }

    /// <summary>An entity that is there as objects, or was removed and may still be in RocksDB.</summary>
    sealed class Held(string id)
    {
        public string Id => id;

        public EntityState? State { get; set; }

        /// <summary>Since it was looked at last for being let go.</summary>
        public bool Used { get; set; } = true;

        public bool IsChanged { get; set; }

        public int Bytes { get; set; }
    }
}
