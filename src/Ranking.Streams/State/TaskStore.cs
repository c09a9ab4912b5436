using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Joining.State;
using Ranking.Features.Rows;

namespace Ranking.Streams.State;

/// <summary>
/// A task's state between commits: the task's own objects, and which of them changed. At a commit what changed is serialised once, for
/// the changelog and for RocksDB alike.
/// </summary>
sealed class TaskStore : ITaskState
{
    readonly FeaturePlan plan;
    readonly string featureHash;
    readonly NumberedRoom<SourceEvent> sorting = new(StateKeys.Sorting, StateCodec.Write);
    readonly NumberedRoom<WaitingImpression> waiting = new(StateKeys.Waiting, StateCodec.Write);
    readonly NumberedRoom<OwnerEvent> questions = new(StateKeys.Questions, StateCodec.Write);
    readonly EntityRoom[] entities;
    readonly PackedWriter writer = new();

    /// <summary>An empty state.</summary>
    public TaskStore(FeaturePlan plan, string featureHash)
    {
        (this.plan, this.featureHash) = (plan, featureHash);
        entities = [.. plan.Owners.Select(o => new EntityRoom((byte)(StateKeys.Entities + o.Index)))];
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
    public INumberedState<OwnerEvent> Questions => questions;

    /// <inheritdoc/>
    public IEntityStates Entities(OwnerPlan owner) => entities[owner.Index];

    /// <summary>A key that was restored; they come in the order of their bytes.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public void Load(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
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
            case StateKeys.Questions: questions.Load(StateKeys.Number(key), StateCodec.ReadQuestion(ref reader)); break;
            case var room when room - StateKeys.Entities is >= 0 and var owner && owner < entities.Length:
                entities[owner].Add(StateKeys.Id(key), EntityState.ReadState(ref reader, plan, plan.Owners[owner]));
                break;
            default: throw new InvalidDataException($"state of room {key[0]}");
        }
    }

    /// <summary>What changed since the last time; the marks come last.</summary>
    public List<StateChange> Collect(TaskMarks marks, long[] positions)
    {
        var changes = new List<StateChange>();
        sorting.Collect(changes, writer);
        waiting.Collect(changes, writer);
        questions.Collect(changes, writer);
        foreach (EntityRoom of in entities) of.Collect(changes, writer);
        writer.Clear();
        Positions = [.. positions];
        new CommittedMarks(Positions, marks).Write(writer, featureHash);
        changes.Add(new(StateKeys.OfMarks, writer.Written.ToArray()));
        return changes;
    }
}
