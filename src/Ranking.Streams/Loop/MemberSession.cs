using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Streams.Pipeline;
using Ranking.Streams.State;
using Ranking.Streams.Topics;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Ranking.Streams.Loop;

/// <summary>
/// One session of a member: from joining the group to leaving it. All on one thread: poll, give to the tasks, let them go as far as they
/// can, and commit outputs, changelog and positions in one transaction, whose end is waited for while the next one is worked on.
/// Partitions come and go all at once; between them and the first read stands the restore.
/// </summary>
sealed partial class MemberSession : IDisposable
{
    static readonly TimeSpan FlushRowsEvery = TimeSpan.FromSeconds(1), DeleteEvery = TimeSpan.FromMinutes(1);

    readonly FeatureBuilder builder;
    readonly KafkaSettings kafka;
    readonly int partitions;
    readonly PipelineOptions options;
    readonly PipelineProgress progress;
    readonly ILogger logger;
    readonly TransactionWriter writer;
    readonly MemberOutput output;
    readonly TaskInput input;
    readonly OffsetQueries offsets;
    readonly IConsumer<byte[], byte[]?> consumer;
    readonly SortedDictionary<int, HeldTask> tasks = [];
    readonly StateMemory memory;
    readonly Pacing pacing;
    readonly SilentTopics? silent;
    readonly Stopwatch sinceCommit = Stopwatch.StartNew(), sinceRows = Stopwatch.StartNew(), sinceDelete = Stopwatch.StartNew(), sinceTaken = Stopwatch.StartNew();
    StateRestore? restore;
    Dictionary<TopicPartition, long>? unheard; // of counts and answers where they ended when the tasks began, until that was read
    (long Used, PipelineCounts Written)? committing; // what the commit that is under way adds
    CancellationToken stopping;
    bool joined, caughtUp, lost;

    public MemberSession(FeatureBuilder builder, KafkaSettings kafka, int partitions, PipelineOptions options, PipelineProgress progress, ILogger logger)
    {
        (this.builder, this.kafka, this.partitions, this.options, this.progress, this.logger) = (builder, kafka, partitions, options, progress, logger);
        progress.BeginSession();
        writer = new(kafka, options, partitions);
        output = new(partitions, writer);
        input = new(builder.Plan.Spec, kafka, partitions, output, logger, options.Live ? options.MostFuture : null);
        offsets = new(kafka);
        pacing = new(kafka, input, options.MostAhead);
        memory = new(options.StateBytes);
        if (options.Live) silent = new(kafka, input, offsets, options.IdleAfter);
        consumer = MemberClients.Consumer(kafka, options)
            .SetPartitionsAssignedHandler((_, given) => { Take(given); return []; }) // assigned for real once they are restored
            .SetPartitionsRevokedHandler((_, _) => { Release(commit: true); return []; })
            .SetPartitionsLostHandler((_, _) => { Release(commit: false); return []; })
            .Build();
    }

    /// <summary>Works until told to stop, or until it has been caught up for a time.</summary>
    /// <exception cref="KafkaException">The session cannot go on; nothing of it that is not committed counts.</exception>
    public void Run(TimeSpan? untilIdle, CancellationToken cancel)
    {
        stopping = cancel;
        consumer.Subscribe(input.Topics.Select(kafka.Topic));
        try
        {
            Work(untilIdle, cancel);
        }
        catch (KafkaException e) when (e.Error.Code is KafkaError.Local_Fenced or KafkaError.ProducerFenced or KafkaError.InvalidProducerEpoch or KafkaError.Unknown) // brokers of version 4 answer the end of a fenced transaction with the last, too
        {
            LookForSuccessor();
            throw;
        }
        restore?.Dispose();
        restore = null;
        consumer.Close();
    }

    void Work(TimeSpan? untilIdle, CancellationToken cancel)
    {
        var idle = Stopwatch.StartNew();
        while (!cancel.IsCancellationRequested)
        {
            bool worked = restore is null ? Read() : Restore();
            if (lost) throw new KafkaException(new Error(KafkaError.UnknownMemberId, "the group gave this member's partitions away"));
            if (unheard is null || HasHeard()) Advance();
            pacing.Resume(consumer, tasks);
            if (!writer.IsCommitting) FinishCommit();
            if (restore is null && joined && sinceCommit.Elapsed >= options.CommitEvery) CommitWhatIsDue(worked);
            if (!caughtUp) idle.Restart();
            progress.Report(tasks.Values, caughtUp);
            if (caughtUp && untilIdle is { } wait && idle.Elapsed >= wait) break;
        }
        if (restore is null) Commit();
        FinishCommit();
    }

    /// <summary>
    /// A producer is fenced where this process stood still too long, and where another one has its name. The group tells which: a
    /// successor has taken this member's place there too. Without asking, both would fence each other for ever.
    /// </summary>
    /// <exception cref="KafkaException">Fenced instance id: there is a successor.</exception>
    void LookForSuccessor()
    {
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < options.SessionTimeout / 2 && !lost && !stopping.IsCancellationRequested)
        {
            try
            {
                consumer.Consume(TimeSpan.FromMilliseconds(100));
            }
            catch (KafkaException e) when (e.Error.Code != KafkaError.FencedInstanceId)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        restore?.Dispose();
        consumer.Dispose();
        writer.Dispose();
        foreach (HeldTask held in tasks.Values) held.Dispose();
        offsets.Dispose();
    }

    bool Read()
    {
        bool any = false;
        TimeSpan wait = joined ? options.CommitEvery - sinceCommit.Elapsed : options.CommitEvery;
        for (int n = 0; n < options.BatchRecords; n++)
        {
            ConsumeResult<byte[], byte[]?>? read = Consume(n == 0 && wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            if (read is null) break;
            if (!tasks.TryGetValue(read.Partition.Value, out HeldTask? held)) continue;
            int topic = input.IndexOf(read.Topic);
            if (read.IsPartitionEOF)
            {
                held.ReachedEnd(topic, read.Offset.Value);
                continue;
            }
            any = true;
            held.Reads(topic, read.Offset.Value);
            input.Give(held.Task, topic, read);
        }
        if (any) caughtUp = false;
        return any;
    }

    ConsumeResult<byte[], byte[]?>? Consume(TimeSpan wait)
    {
        try
        {
            return consumer.Consume(wait);
        }
        catch (ConsumeException e) when (e.Error.Code is KafkaError.Local_AutoOffsetReset or KafkaError.OffsetOutOfRange)
        {
            TopicPartition at = e.ConsumerRecord.TopicPartition;
            long position = tasks[at.Partition.Value].Positions[input.IndexOf(at.Topic)], begin = offsets.BeginsAsync([at]).GetAwaiter().GetResult()[at];
            throw new RankingException(ErrorCodes.LogGap, position < begin
                ? $"{at.Topic}-{at.Partition.Value} was read up to {position}, but begins at {begin} now: {begin - position} records were deleted unread"
                : $"{at.Topic}-{at.Partition.Value} was read up to {position}, which lies behind its end: the topic was made anew or cut", e);
        }
        catch (ConsumeException e) when (!e.Error.IsFatal && e.Error.Code is KafkaError.Local_MaxPollExceeded or KafkaError.UnknownTopicOrPart or KafkaError.Local_UnknownPartition)
        {
            LogTrouble(logger, e.Error.Reason);
            return null;
        }
    }

    void Advance()
    {
        do
        {
            foreach (HeldTask held in tasks.Values) held.Task.Advance();
        }
        while (output.HandOver());
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Member} takes partitions {Partitions}")]
    static partial void LogTaken(ILogger logger, string member, string partitions);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Member} gives its partitions up, commits: {Commits}")]
    static partial void LogReleased(ILogger logger, string member, bool commits);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}")]
    static partial void LogTrouble(ILogger logger, string reason);
}
