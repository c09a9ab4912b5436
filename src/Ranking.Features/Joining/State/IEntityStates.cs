using Ranking.Features.Rows;

namespace Ranking.Features.Joining.State;

/// <summary>The entities of one kind that a task owns.</summary>
public interface IEntityStates
{
    /// <summary>All of them, in any order, each with no more than what is due of it (<see cref="EntityState.ReadDue"/>); read once, before anything changes.</summary>
    IEnumerable<KeyValuePair<string, EntityState>> All { get; }

    /// <summary>The state of an entity, or null.</summary>
    EntityState? Find(string id);

    /// <summary>Adds an entity.</summary>
    void Add(string id, EntityState state);

    /// <summary>An entity that was found or added has changed, or is about to, before the next commit.</summary>
    void Changed(string id, EntityState state);

    /// <summary>Forgets an entity.</summary>
    void Remove(string id);
}
