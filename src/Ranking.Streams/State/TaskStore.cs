using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Joining.State;
using Ranking.Features.Rows;

namespace Ranking.Streams.State;

/// <summary>
/// A task's state between commits: the task's own objects, and which of them changed. At a commit what changed is serialised once, for
/// the changelog and for RocksDB alike. Events, impressions and questions that wait are all in memory; of entities as many as it may hold.
/// </summary>
sealed class TaskStore : ITaskState, IDisposable
{
    readonly StateMemory memory;
    readonly string featureHash;
    readonly NumberedRoom<SourceEvent> sorting = new(StateKeys.Sorting, StateCodec.Write);
    readonly NumberedRoom<WaitingImpression> waiting = new(StateKeys.Waiting, StateCodec.Write);
    readonly NumberedRoom<Served> served = new(StateKeys.Served, StateCodec.Write);
    readonly NumberedRoom<Erasure> erased = new(StateKeys.Erased, StateCodec.Write);
    readonly NumberedRoom<OwnerEvent> questions = new(StateKeys.Questions, StateCodec.Write);
    readonly EntityRoom[] entities;
    readonly PackedWriter writer = new();
    int expected; // changes, as many as last time

    /// <summary>The state that is stored.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public TaskStore(FeaturePlan plan, string featureHash, IStateReader stored, StateMemory memory)
    {
        (this.featureHash, this.memory) = (featureHash, memory);
        entities = [.. plan.Owners.Select(o => new EntityRoom(plan, o, stored, memory))];
        foreach ((byte[] key, byte[]? value) in stored.Rooms(StateKeys.Marks, StateKeys.Entities)) Load(key, value);
    }

    /// <summary>The inputs that the last commit contains; null: there was none.</summary>
    public long[]? Positions { get; private set; }

    /// <inheritdoc/>
    public TaskMarks? Marks { get; private set; }

    /// <inheritdoc/>
    public INumberedState<SourceEvent> Sorting => sorting;

    /// <inheritdoc/>
    public INumberedState<WaitingImpression> Waiting => waiting;

    /// <inheritdoc/>
    public INumberedState<Served> Served => served;

    /// <inheritdoc/>
    public INumberedState<Erasure> Erased => erased;

    /// <inheritdoc/>
    public INumberedState<OwnerEvent> Questions => questions;

    /// <inheritdoc/>
    public IEntityStates Entities(OwnerPlan owner) => entities[owner.Index];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (EntityRoom of in entities) memory.Remove(of);
    }

    void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var reader = new PackedReader(value);
        switch (key[0])
        {
            case StateKeys.Marks:
                CommittedMarks committed = CommittedMarks.Read(value, featureHash);
                (Positions, Marks) = (committed.Positions, committed.Marks);
                break;
            case StateKeys.Sorting: sorting.Load(StateKeys.Number(key), StateCodec.ReadEvent(ref reader)); break;
            case StateKeys.Waiting: waiting.Load(StateKeys.Number(key), StateCodec.ReadWaiting(ref reader, StateKeys.Number(key))); break;
            case StateKeys.Served: served.Load(StateKeys.Number(key), StateCodec.ReadEvent(ref reader) as Served ?? throw new InvalidDataException("a stored record of what was served is none")); break;
            case StateKeys.Erased: erased.Load(StateKeys.Number(key), StateCodec.ReadErasure(ref reader)); break;
            case StateKeys.Questions: questions.Load(StateKeys.Number(key), StateCodec.ReadQuestion(ref reader)); break;
            default: throw new InvalidDataException($"state of room {key[0]}");
        }
    }

    /// <summary>What changed since the last time; the marks come last.</summary>
    public List<StateChange> Collect(TaskMarks marks, long[] positions)
    {
        var changes = new List<StateChange>(expected);
        sorting.Collect(changes, writer);
        waiting.Collect(changes, writer);
        served.Collect(changes, writer);
        erased.Collect(changes, writer);
        questions.Collect(changes, writer);
        foreach (EntityRoom of in entities) of.Collect(changes, writer);
        writer.Clear();
        Positions = [.. positions];
        new CommittedMarks(Positions, marks).Write(writer, featureHash);
        changes.Add(new(StateKeys.OfMarks, writer.Written.ToArray()));
        expected = changes.Count;
        return changes;
    }
}
