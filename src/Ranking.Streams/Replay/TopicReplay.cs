using System.Text;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Partitioning;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Replay;

/// <summary>Writes a log, in event-time order, to the source topics, with the heartbeats that it must have (streams.md, section 2).</summary>
public sealed class TopicReplay : IDisposable
{
    readonly KafkaSettings kafka;
    readonly int partitions;
    readonly IReadOnlyList<string> topics;
    readonly TopicWriter writer;
    readonly Heartbeats heartbeats;
    readonly CancellationToken cancel;
    long impressions, feedback, entities;

    /// <summary>A replay into the topics of a problem.</summary>
    public TopicReplay(FeaturePlan plan, KafkaSettings kafka, int partitions, CancellationToken cancel = default)
    {
        (this.kafka, this.partitions, this.cancel) = (kafka, partitions, cancel);
        topics = PipelineTask.TopicsOf(plan.Spec);
        writer = new(kafka);
        heartbeats = new(FeatureRunTimes.Of(plan));
    }

    /// <summary>Impressions written.</summary>
    public long Impressions => Interlocked.Read(ref impressions);

    /// <summary>Feedback events written.</summary>
    public long Feedback => Interlocked.Read(ref feedback);

    /// <summary>Entity documents written.</summary>
    public long Entities => Interlocked.Read(ref entities);

    /// <summary>Writes an event; not earlier than the last one.</summary>
    public void Write(SourceEvent sourceEvent)
    {
        if (heartbeats.Before(sourceEvent.TimeMs) is { } beat) Heartbeat(beat);
        string topic = LocalPipeline.TopicOf(sourceEvent);
        int partition = Murmur2.Partition(sourceEvent.Key, partitions);
        kafka.Flow?.Wait(topic, partition, cancel);
        byte[] key = Encoding.UTF8.GetBytes(sourceEvent.Key);
        if (sourceEvent is EntityDocument { Json: null }) writer.Write(topic, partition, key, null, SourceRecords.TimeOf(sourceEvent.TimeMs));
        else writer.Write(topic, partition, key, SourceMessages.Encode(sourceEvent));
        switch (sourceEvent)
        {
            case Impression: Interlocked.Increment(ref impressions); break;
            case EntityDocument: Interlocked.Increment(ref entities); break;
            default: Interlocked.Increment(ref feedback); break;
        }
    }

    /// <summary>Says that nothing earlier than a time will come.</summary>
    public void Heartbeat(long timeMs)
    {
        byte[] message = SourceMessages.Heartbeat(timeMs);
        foreach (string topic in topics)
        {
            for (int p = 0; p < partitions; p++)
            {
                kafka.Flow?.Wait(topic, p, cancel);
                writer.Write(topic, p, SourceMessages.HeartbeatKey, message);
            }
        }
    }

    /// <summary>Closes every window after the last event.</summary>
    public void Close()
    {
        if (heartbeats.AtEnd() is { } beat) Heartbeat(beat);
        Flush();
    }

    /// <summary>Waits until everything was delivered.</summary>
    public void Flush() => writer.Flush(cancel);

    /// <inheritdoc/>
    public void Dispose() => writer.Dispose();
}
