using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Rows;

namespace Ranking.Features.Joining.State;

/// <summary>State that lives and dies with the process: files, tests, the embedded demo.</summary>
public sealed class MemoryTaskState : ITaskState
{
    /// <inheritdoc/>
    public TaskMarks? Marks => null;

    /// <inheritdoc/>
    public INumberedState<SourceEvent> Sorting { get; } = new Nothing<SourceEvent>();

    /// <inheritdoc/>
    public INumberedState<WaitingImpression> Waiting { get; } = new Nothing<WaitingImpression>();

    /// <inheritdoc/>
    public INumberedState<Served> Served { get; } = new Nothing<Served>();

    /// <inheritdoc/>
    public INumberedState<Erasure> Erased { get; } = new Nothing<Erasure>();

    /// <inheritdoc/>
    public INumberedState<OwnerEvent> Questions { get; } = new Nothing<OwnerEvent>();

    /// <inheritdoc/>
    public IEntityStates Entities(OwnerPlan owner) => new Known();

    sealed class Nothing<T> : INumberedState<T>
    {
        public IEnumerable<KeyValuePair<long, T>> All => [];

        public void Put(long number, T value) { }

        public void Remove(long number) { }
    }

    sealed class Known : IEntityStates
    {
        readonly Dictionary<string, EntityState> states = new(StringComparer.Ordinal);

        public IEnumerable<KeyValuePair<string, EntityState>> All => [];

        public EntityState? Find(string id) => states.GetValueOrDefault(id);

        public void Add(string id, EntityState state) => states.Add(id, state);

        public void Changed(string id, EntityState state) { }

        public void Remove(string id) => states.Remove(id);
    }
}
