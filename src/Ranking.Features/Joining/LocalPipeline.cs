using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Partitioning;

namespace Ranking.Features.Joining;

/// <summary>What a <see cref="LocalPipeline"/> yields.</summary>
public interface ILocalOutput
{
    /// <summary>An example, in the merged order.</summary>
    void Emit(Example example);

    /// <summary>The row of an entity; empty and deleted if it is gone.</summary>
    void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted);

    /// <summary>An event that was not used.</summary>
    void Reject(SourceEvent sourceEvent, Rejection why, string detail);
}

/// <summary>All tasks of a problem in one process, their messages carried by queues: files instead of topics, tests instead of brokers.</summary>
public sealed class LocalPipeline
{
    readonly PipelineTask[] tasks;
    readonly ExampleMerge merge;
    readonly Queue<Action> messages = new();
    readonly ILocalOutput output;
    readonly Dictionary<string, int> topics;
    readonly Heartbeats heartbeats;
    int sinceAdvance;

    /// <summary>Tasks for a number of partitions.</summary>
    public LocalPipeline(FeatureBuilder builder, int partitions, ILocalOutput output, DateTimeOffset? freezeUserAt = null)
    {
        this.output = output;
        merge = new(partitions);
        tasks = new PipelineTask[partitions];
        for (int p = 0; p < partitions; p++) tasks[p] = new(builder, p, partitions, new Router(this, p), freezeUserAt);
        topics = tasks[0].Topics.Select((name, i) => (name, i)).ToDictionary(t => t.name, t => t.i, StringComparer.Ordinal);
        heartbeats = new(FeatureRunTimes.Of(builder.Plan));
    }

    /// <summary>The tasks, by partition.</summary>
    public IReadOnlyList<PipelineTask> Tasks => tasks;

    /// <summary>An event of a log that is in event-time order; heartbeats are made where they are due.</summary>
    public void AddInOrder(SourceEvent sourceEvent)
    {
        if (heartbeats.Before(sourceEvent.TimeMs) is { } beat)
        {
            Heartbeat(beat);
            Advance();
        }
        Add(sourceEvent);
    }

    /// <summary>An event as it arrives.</summary>
    public void Add(SourceEvent sourceEvent)
    {
        tasks[Murmur2.Partition(sourceEvent.Key, tasks.Length)].Receive(topics[TopicOf(sourceEvent)], sourceEvent);
        if (++sinceAdvance >= 1024) Advance();
    }

    /// <summary>A time at which nothing happened, for every topic of every partition.</summary>
    public void Heartbeat(long timeMs)
    {
        foreach (PipelineTask task in tasks)
            for (int t = 0; t < task.Topics.Count; t++) task.Heartbeat(t, timeMs);
    }

    /// <summary>Closes every window, when the log has ended.</summary>
    public void Close()
    {
        if (heartbeats.AtEnd() is { } beat) Heartbeat(beat);
        Advance();
    }

    /// <summary>Writes the rows that changed.</summary>
    public void FlushRows()
    {
        foreach (PipelineTask task in tasks) task.FlushRows();
    }

    /// <summary>Lets every task go as far as it can.</summary>
    public void Advance()
    {
        sinceAdvance = 0;
        do
        {
            foreach (PipelineTask task in tasks) task.Advance();
            while (messages.TryDequeue(out Action? deliver)) deliver();
            foreach (PipelineTask task in tasks) task.Advance();
        }
        while (messages.Count > 0);
        while (merge.TryTake(out Example? example, out _, out _)) output.Emit(example!);
    }

    /// <summary>The source topic of an event.</summary>
    public static string TopicOf(SourceEvent sourceEvent) => sourceEvent switch
    {
        Impression => "impressions",
        Feedback => "feedback",
        Served => "served",
        EntityDocument document => $"entities.{document.Kind}",
        _ => throw new ArgumentOutOfRangeException(nameof(sourceEvent), sourceEvent.GetType().Name, "no topic holds such events"),
    };

    sealed class Router(LocalPipeline owner, int partition) : ITaskOutput
    {
        public void Send(int to, OwnerEvent ownerEvent) => owner.messages.Enqueue(() => owner.tasks[to].Receive(ownerEvent));

        public void Send(int to, OwnerAnswer answer) => owner.messages.Enqueue(() => owner.tasks[to].Receive(answer));

        public void Send(SourceWatermark watermark) => owner.messages.Enqueue(() => Array.ForEach(owner.tasks, t => t.Receive(watermark)));

        public void Emit(Example example) => owner.merge.Add(partition, example);

        public void EmitWatermark(long timeMs) => owner.merge.SetWatermark(partition, timeMs);

        public void EmitRow(OwnerPlan of, string id, ReadOnlySpan<byte> row) => owner.output.EmitRow(of, id, row, deleted: false);

        public void DeleteRow(OwnerPlan of, string id, long watermarkMs) => owner.output.EmitRow(of, id, [], deleted: true);

        public void Compared(int rows, int staler) { }

        public void Reject(SourceEvent sourceEvent, Rejection why, string detail) => owner.output.Reject(sourceEvent, why, detail);
    }
}
