using Ranking.Features.Joining.State;
using Ranking.Features.Rows;

namespace Ranking.Streams.State;

/// <summary>The entities of one kind, in memory, and which of them changed since the last commit.</summary>
sealed class EntityRoom(byte room) : IEntityStates
{
    readonly Dictionary<string, EntityState> states = new(StringComparer.Ordinal);
    readonly HashSet<string> changed = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, EntityState>> All => states;

    /// <summary>How many there are.</summary>
    public int Count => states.Count;

    /// <inheritdoc/>
    public EntityState? Find(string id) => states.GetValueOrDefault(id);

    /// <inheritdoc/>
    public void Add(string id, EntityState state) => states.Add(id, state);

    /// <inheritdoc/>
    public void Changed(string id, EntityState state) => changed.Add(id);

    /// <inheritdoc/>
    public void Remove(string id)
    {
        states.Remove(id);
        changed.Add(id);
    }

    /// <summary>Appends the changes since the last time.</summary>
    public void Collect(List<StateChange> changes, PackedWriter writer)
    {
        foreach (string id in changed)
        {
            writer.Clear();
            states.GetValueOrDefault(id)?.WriteState(writer);
            changes.Add(new(StateKeys.Of(room, id), states.ContainsKey(id) ? writer.Written.ToArray() : null));
        }
        changed.Clear();
    }
}
