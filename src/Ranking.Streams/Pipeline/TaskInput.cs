using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;
using Ranking.Features.Joining;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Pipeline;

/// <summary>Gives messages that were read to the tasks of their partitions; what cannot be read becomes a dead letter.</summary>
sealed partial class TaskInput
{
    readonly RankingSpec spec;
    readonly int partitions;
    readonly MemberOutput output;
    readonly ILogger logger;
    readonly Dictionary<string, int> indexOf = new(StringComparer.Ordinal);
    readonly long mostFutureMs;
    long dead;

    /// <param name="spec">The problem.</param>
    /// <param name="kafka">Its topics.</param>
    /// <param name="partitions">Their partitions.</param>
    /// <param name="output">Where dead letters go.</param>
    /// <param name="logger">Told of some of them.</param>
    /// <param name="mostFuture">An event further ahead of its record's own time is a dead letter; null, for logs of another time: none is.</param>
    public TaskInput(RankingSpec spec, KafkaSettings kafka, int partitions, MemberOutput output, ILogger logger, TimeSpan? mostFuture = null)
    {
        (this.spec, this.partitions, this.output, this.logger) = (spec, partitions, output, logger);
        mostFutureMs = mostFuture is { } most ? (long)most.TotalMilliseconds : long.MaxValue;
        Sources = PipelineTask.TopicsOf(spec).Count;
        Topics = [.. PipelineTask.TopicsOf(spec), TopicNames.Counts, TopicNames.Answers];
        for (int i = 0; i < Topics.Count; i++) indexOf.Add(kafka.Topic(Topics[i]), i);
    }

    /// <summary>The topics that a task reads, without prefix: sources, counts, answers.</summary>
    public IReadOnlyList<string> Topics { get; }

    /// <summary>How many of them are sources.</summary>
    public int Sources { get; }

    /// <summary>The place of a topic, by its full name.</summary>
    public int IndexOf(string topic) => indexOf[topic];

    /// <summary>Gives a message to its task.</summary>
    public void Give(PipelineTask task, int topic, ConsumeResult<byte[], byte[]?> read)
    {
        try
        {
            if (topic < Sources) GiveSource(task, topic, read);
            else GiveInternal(task, topic, read.Message.Value);
        }
        catch (MessageFormatException e)
        {
            output.Bury(Topics[topic], read.Partition.Value, read.Offset.Value, read.Message.Key, read.Message.Value, $"{e.Error.Code} {e.Message}");
            if (++dead is 1 or 100 or 10_000) LogDead(logger, Topics[topic], read.Partition.Value, read.Offset.Value, e.Message);
        }
    }

    void GiveSource(PipelineTask task, int topic, ConsumeResult<byte[], byte[]?> read)
    {
        SourceMessage message = SourceRecords.Decode(Topics[topic], read.Message, spec.Context, spec.Json);
        if ((message.Erasure?.User ?? message.Event?.Key) is { } key && Murmur2.Partition(key, partitions) is var right && right != read.Partition.Value)
            throw new MessageFormatException(ErrorCodes.WrongPartition, $"lies in partition {read.Partition.Value}, but key '{key}' belongs to {right}: set the producer's partitioner to murmur2_random");
        if (message.Erasure is { } erasure) task.Erase(erasure);
        else if (message.Event is not { } e) task.Heartbeat(topic, message.TimeMs);
        else if (message.TimeMs - read.Message.Timestamp.UnixTimestampMs > mostFutureMs)
            throw new MessageFormatException(ErrorCodes.TimeTooFarAhead, $"event time {message.TimeMs} is {message.TimeMs - read.Message.Timestamp.UnixTimestampMs} ms ahead of the record's own");
        else task.Receive(topic, e);
    }

    void GiveInternal(PipelineTask task, int topic, byte[]? value)
    {
        if (Topics[topic] == TopicNames.Answers)
        {
            foreach (OwnerAnswer answer in TaskMessages.DecodeAnswers(value)) task.Receive(answer);
            return;
        }
        foreach (object record in TaskMessages.DecodeCounts(value))
        {
            if (record is OwnerEvent e) task.Receive(e);
            else task.Receive((SourceWatermark)record);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "dead letter from {Topic}-{Partition} at {Offset}: {Reason}")]
    static partial void LogDead(ILogger logger, string topic, int partition, long offset, string reason);
}
