using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Partitioning;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Pipeline;

/// <summary>How far a pipeline is.</summary>
/// <param name="Events">Source events that were used.</param>
/// <param name="Examples">Examples that were written.</param>
/// <param name="Rows">Rows that were written.</param>
/// <param name="Late">Events that came too late.</param>
/// <param name="Dead">Events that could not be used.</param>
/// <param name="Copies">Copies that were dropped.</param>
/// <param name="WatermarkMs">The least watermark of all tasks; <see cref="long.MinValue"/> before it has moved.</param>
/// <param name="HeldBackBy">The topic-partition that holds it back.</param>
/// <param name="CaughtUp">Whether all that is there has been read and answered.</param>
public sealed record PipelineStatus(long Events, long Examples, long Rows, long Late, long Dead, long Copies, long WatermarkMs, string HeldBackBy, bool CaughtUp);

/// <summary>
/// All tasks of a problem in one process: reads source topics, counts and answers, and writes what the tasks say. State is in memory,
/// so it begins at the start of the source topics, and at the end of counts and answers.
/// </summary>
public sealed partial class PipelineMember : ITaskOutput, IDisposable
{
    const int MostInternal = 20_000, FrameBytes = 65_536;
    static readonly TimeSpan FlushRowsEvery = TimeSpan.FromSeconds(1);

    readonly FeatureBuilder builder;
    readonly KafkaSettings kafka;
    readonly int partitions;
    readonly ILogger logger;
    readonly TopicWriter writer;
    readonly TopicReader sources, internals;
    readonly PipelineTask[] tasks;
    readonly RecordFrame[] counts, answers; // by partition: what was not sent yet
    readonly Dictionary<string, int> topicIndex;
    readonly Stopwatch sinceRows = Stopwatch.StartNew();
    long examples, rows, late, dead, copies;
    long internalSent, internalRead;
    int emitting; // the partition whose task is at work
    bool rowsFlushed;
    PipelineStatus status;

    /// <summary>Connects; nothing is read before <see cref="Run"/>.</summary>
    public PipelineMember(FeatureBuilder builder, KafkaSettings kafka, int partitions, ILogger logger)
    {
        (this.builder, this.kafka, this.partitions, this.logger) = (builder, kafka, partitions, logger);
        writer = new(kafka);
        (counts, answers) = ([.. Enumerable.Range(0, partitions).Select(_ => new RecordFrame())], [.. Enumerable.Range(0, partitions).Select(_ => new RecordFrame())]);
        tasks = [.. Enumerable.Range(0, partitions).Select(p => new PipelineTask(builder, p, partitions, this))];
        topicIndex = tasks[0].Topics.Select((name, i) => (name, i)).ToDictionary(t => t.name, t => t.i, StringComparer.Ordinal);
        sources = new(kafka, "pipeline", tasks[0].Topics, partitions);
        internals = new(kafka, "pipeline", [TopicNames.Counts, TopicNames.Answers], partitions, (_, _) => kafka.Flow is null ? Offset.End : Offset.Beginning);
        status = new(0, 0, 0, 0, 0, 0, long.MinValue, "", false);
    }

    /// <summary>How far it is; may be read from other threads.</summary>
    public PipelineStatus Status => Volatile.Read(ref status);

    /// <summary>Works until told to stop, or until it has been caught up for a time.</summary>
    /// <param name="untilIdle">How long it must have been caught up; null: for ever.</param>
    /// <param name="cancel">Tells it to stop.</param>
    public void Run(TimeSpan? untilIdle, CancellationToken cancel)
    {
        var idle = Stopwatch.StartNew();
        while (!cancel.IsCancellationRequested)
        {
            bool worked = ReadInternals();
            bool room = internalSent - internalRead < MostInternal && OutputsHaveRoom();
            if (room) worked |= ReadSources(worked ? TimeSpan.Zero : TimeSpan.FromMilliseconds(5));
            for (emitting = 0; emitting < partitions; emitting++) tasks[emitting].Advance();
            SendFrames();
            bool caughtUp = !worked && room && sources.CaughtUp && internalSent == internalRead;
            if (sinceRows.Elapsed >= FlushRowsEvery || (caughtUp && !rowsFlushed)) FlushRows();
            if (worked) rowsFlushed = false;
            else if (!caughtUp) cancel.WaitHandle.WaitOne(1);
            if (!caughtUp) idle.Restart();
            Report(caughtUp);
            if (caughtUp && untilIdle is { } wait && idle.Elapsed >= wait) break;
        }
        FlushRows();
        writer.Flush(CancellationToken.None);
    }

    void FlushRows()
    {
        foreach (PipelineTask task in tasks) task.FlushRows();
        sinceRows.Restart();
        rowsFlushed = true;
    }

    bool OutputsHaveRoom() => kafka.Flow is not { } flow || (flow.HasRoom(TopicNames.Examples, partitions) && flow.HasRoom(TopicNames.Rows, partitions));

    bool ReadInternals()
    {
        bool any = false;
        for (int n = 0; n < 5_000; n++)
        {
            ConsumeResult<byte[], byte[]?>? read = internals.Read(TimeSpan.Zero);
            if (read is null)
            {
                if (internalSent == internalRead || n > 0) break;
                read = internals.Read(TimeSpan.FromMilliseconds(2));
                if (read is null) break;
            }
            any = true;
            emitting = read.Partition.Value;
            PipelineTask task = tasks[emitting];
            try
            {
                if (kafka.Bare(read.Topic) == TopicNames.Answers)
                {
                    OwnerAnswer[] received = TaskMessages.DecodeAnswers(read.Message.Value);
                    internalRead += received.Length;
                    foreach (OwnerAnswer answer in received) task.Receive(answer);
                }
                else
                {
                    object[] received = TaskMessages.DecodeCounts(read.Message.Value);
                    internalRead += received.Length;
                    foreach (object record in received)
                    {
                        if (record is OwnerEvent e) task.Receive(e);
                        else task.Receive((SourceWatermark)record);
                    }
                }
            }
            catch (MessageFormatException e)
            {
                Bury(kafka.Bare(read.Topic), read, e.Message);
            }
        }
        return any;
    }

    bool ReadSources(TimeSpan wait)
    {
        bool any = false;
        for (int n = 0; n < 2_000; n++)
        {
            if (sources.Read(n == 0 ? wait : TimeSpan.Zero) is not { } read) break;
            any = true;
            Take(read);
        }
        return any;
    }

    void Take(ConsumeResult<byte[], byte[]?> read)
    {
        string topic = kafka.Bare(read.Topic);
        emitting = read.Partition.Value;
        try
        {
            if (read.Message.Value is not { } value) throw new MessageFormatException("no value; deletions of ours carry their time as a value");
            SourceMessage message = SourceMessages.Decode(topic, value, builder.Plan.Spec.Context.Count);
            PipelineTask task = tasks[emitting];
            if (message.Event is not { } e) task.Heartbeat(topicIndex[topic], message.TimeMs);
            else if (Murmur2.Partition(e.Key, partitions) is var right && right != emitting)
                throw new MessageFormatException($"lies in partition {emitting}, but key '{e.Key}' belongs to {right}: set the producer's partitioner to murmur2_random");
            else task.Receive(topicIndex[topic], e);
        }
        catch (MessageFormatException e)
        {
            Bury(topic, read, e.Message);
        }
    }

    void Bury(string topic, ConsumeResult<byte[], byte[]?> read, string reason)
    {
        dead++;
        writer.Write(TopicNames.Dead(topic), read.Partition.Value, read.Message.Key ?? [], DeadLetters.Encode(reason, read.Offset.Value, read.Message.Value ?? []));
        if (dead is 1 or 100 or 10_000) LogDead(logger, topic, read.Partition.Value, read.Offset.Value, reason);
    }

    void Report(bool caughtUp)
    {
        long least = long.MaxValue;
        string slowest = "";
        for (int p = 0; p < partitions; p++)
        {
            if (tasks[p].WatermarkMs >= least) continue;
            least = tasks[p].WatermarkMs;
            slowest = $"{tasks[p].SlowestTopic}-{p}";
        }
        Volatile.Write(ref status, new(tasks.Sum(t => t.Used), examples, rows, late, dead, copies, least, slowest, caughtUp));
    }

    void ITaskOutput.Send(int partition, OwnerEvent ownerEvent)
    {
        TaskMessages.Append(counts[partition], ownerEvent);
        SendFull(TopicNames.Counts, partition, counts[partition]);
    }

    void ITaskOutput.Send(int partition, OwnerAnswer answer)
    {
        TaskMessages.Append(answers[partition], answer);
        SendFull(TopicNames.Answers, partition, answers[partition]);
    }

    void ITaskOutput.Send(SourceWatermark watermark)
    {
        for (int p = 0; p < partitions; p++) TaskMessages.Append(counts[p], watermark);
    }

    void SendFull(string topic, int partition, RecordFrame frame)
    {
        if (frame.Bytes >= FrameBytes) SendFrame(topic, partition, frame);
    }

    /// <summary>Sends what the tasks said since the last time.</summary>
    void SendFrames()
    {
        for (int p = 0; p < partitions; p++)
        {
            SendFrame(TopicNames.Counts, p, counts[p]);
            SendFrame(TopicNames.Answers, p, answers[p]);
        }
    }

    void SendFrame(string topic, int partition, RecordFrame frame)
    {
        if (frame.Count == 0) return;
        internalSent += frame.Count;
        writer.Write(topic, partition, [], frame.Take());
    }

    void ITaskOutput.Emit(Example example)
    {
        examples++;
        writer.Write(TopicNames.Examples, emitting, Encoding.UTF8.GetBytes(example.User), ExampleMessages.Encode(example));
    }

    void ITaskOutput.EmitWatermark(long timeMs) => writer.Write(TopicNames.Examples, emitting, SourceMessages.HeartbeatKey, ExampleMessages.Watermark(timeMs));

    void ITaskOutput.EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted)
    {
        rows++;
        writer.Write(TopicNames.Rows, Murmur2.Partition(id, partitions), RowMessages.Key(owner.Kind, id), deleted ? null : RowMessages.Encode(row.ToArray()));
    }

    void ITaskOutput.Reject(SourceEvent sourceEvent, Rejection why, string detail)
    {
        string topic = LocalPipeline.TopicOf(sourceEvent);
        if (why == Rejection.Copy) { copies++; return; }
        if (why == Rejection.Late) late++;
        else dead++;
        writer.Write(why == Rejection.Late ? TopicNames.Late(topic) : TopicNames.Dead(topic), emitting, Encoding.UTF8.GetBytes(sourceEvent.Key),
            DeadLetters.Encode($"{why}: {detail}", -1, SourceMessages.Encode(sourceEvent)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        sources.Dispose();
        internals.Dispose();
        writer.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "dead letter from {Topic}-{Partition} at {Offset}: {Reason}")]
    static partial void LogDead(ILogger logger, string topic, int partition, long offset, string reason);
}
