using Ranking.Features.Joining;
using Ranking.Streams.Pipeline;
using Ranking.Streams.State;

namespace Ranking.Streams.Loop;

/// <summary>A task that runs in this member, with what is committed of it and what is not yet.</summary>
sealed class HeldTask(int partition, PipelineTask task, TaskStore store, StateDatabase database, MemberOutput output, long[] positions, long changelogEnd) : IDisposable
{
    readonly long[] readAt = [.. Enumerable.Repeat(Environment.TickCount64, positions.Length)];
    readonly long[] ends = [.. Enumerable.Repeat(-1L, positions.Length)];
    List<StateChange> changes = [];
    bool changed = store.Positions is null; // of a task that begins even its beginning is to be committed
    long changelogEnd = changelogEnd, used;

    public int Partition => partition;

    public PipelineTask Task => task;

    /// <summary>By input topic the offset of the next record.</summary>
    public long[] Positions => positions;

    /// <summary>
    /// Whether its state has to be part of the next commit: something was read or followed, it said something, or something was handed over
    /// to it. What it says may come of what an earlier commit contains, of this session or another: events that only waited to be released.
    /// </summary>
    public bool Changed => changed || output.HasChanged(partition);

    /// <summary>The inputs that the last commit contains, or the one that is under way.</summary>
    public long[] Committed => store.Positions!;

    /// <summary>Takes note of a record that was read.</summary>
    public void Reads(int topic, long offset)
    {
        positions[topic] = offset + 1;
        readAt[topic] = Environment.TickCount64;
        changed = true;
    }

    /// <summary>Lets an input that is silent follow the others.</summary>
    public void Follow(int topic, long watermarkMs)
    {
        task.Follow(topic, watermarkMs);
        changed = true;
    }

    /// <summary>How long nothing has come from an input.</summary>
    public TimeSpan SilentFor(int topic) => TimeSpan.FromMilliseconds(Environment.TickCount64 - readAt[topic]);

    /// <summary>Takes note that an input's end was reached at an offset: markers of transactions lie below it.</summary>
    public void ReachedEnd(int topic, long offset)
    {
        ends[topic] = offset;
        positions[topic] = Math.Max(positions[topic], offset);
    }

    /// <summary>Whether an input has been read to its end, as far as is known.</summary>
    public bool IsAtEnd(int topic) => ends[topic] >= positions[topic];

    /// <summary>Source events that were used since the last time.</summary>
    public long TakeUsed()
    {
        long now = task.Used - used;
        used = task.Used;
        return now;
    }

    /// <summary>Writes what changed since the last commit to the changelog.</summary>
    /// <param name="write">Writes a change into the transaction.</param>
    public void WriteChanges(Action<StateChange> write)
    {
        changes = store.Collect(task.Marks, positions);
        foreach (StateChange change in changes) write(change);
        changed = false;
        output.StateWritten(partition);
    }

    /// <summary>Applies to RocksDB what was committed.</summary>
    public void ApplyChanges()
    {
        if (changes.Count == 0) return;
        changelogEnd += changes.Count + 1; // the marker of the commit; what others' aborted transactions left makes it only too small, which is safe
        database.Apply(changes, changelogEnd);
        changes = [];
    }

    public void Dispose()
    {
        store.Dispose();
        database.Dispose();
    }
}
