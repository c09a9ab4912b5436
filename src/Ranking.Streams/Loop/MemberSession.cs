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
    readonly BrokerQueries queries;
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
    string? memberId; // what the group calls this session, as of the last partitions it gave
    bool joined, caughtUp, lost;

    public MemberSession(FeatureBuilder builder, KafkaSettings kafka, int partitions, PipelineOptions options, PipelineProgress progress, ILogger logger)
    {
        (this.builder, this.kafka, this.partitions, this.options, this.progress, this.logger) = (builder, kafka, partitions, options, progress, logger);
        progress.BeginSession();
        writer = new(kafka, options, partitions);
        output = new(partitions, writer);
        input = new(builder.Plan.Spec, kafka, partitions, output, logger, options.Live ? options.MostFuture : null);
        queries = new(kafka);
        pacing = new(kafka, input, options.MostAhead);
        memory = new(options.StateBytes);
        if (options.Live) silent = new(kafka, input, queries, options.IdleAfter);
        consumer = MemberClients.Consumer(kafka, options)
            .SetPartitionsAssignedHandler((_, given) => { Take(given); return []; }) // assigned for real once they are restored
            .SetPartitionsRevokedHandler((_, _) => { Release(); return []; })
            .SetPartitionsLostHandler((_, _) => { lost = true; return []; })
            .Build();
    }

    /// <summary>Works until told to stop, or until it has been caught up for a time.</summary>
    /// <exception cref="KafkaException">The session cannot go on; nothing of it that is not committed counts.</exception>
    /// <exception cref="RankingException">Another process has this member's name.</exception>
    public void Run(TimeSpan? untilIdle, CancellationToken cancel)
    {
        stopping = cancel;
        consumer.Subscribe(input.Topics.Select(kafka.Topic));
        try
        {
            Work(untilIdle, cancel);
        }
        catch (KafkaException e) when (IsFence(e.Error.Code) && HasSuccessor(e.Error.Code))
        {
            throw new RankingException(ErrorCodes.MemberNameTaken, $"another process is member {options.Member} of {MemberClients.Group(kafka)} now", e);
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
            if (lost) throw new KafkaException(new Error(KafkaError.UnknownMemberId, "the group gave this member's partitions away")); // dropped with this session: the next one's producer aborts what is open
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

    // Brokers of version 4 answer the end of a fenced transaction with Unknown, too.
    static bool IsFence(KafkaError code) => code is KafkaError.FencedInstanceId or KafkaError.Local_Fenced or KafkaError.ProducerFenced or KafkaError.InvalidProducerEpoch or KafkaError.Unknown;

    /// <summary>
    /// Whether another process has this member's name. A fence alone does not say so: a producer is fenced after a long stop as well, and a
    /// client whose broker was away for a session time-out asks with an empty member id at first, for which it is fenced as a consumer. The
    /// group tells: it gives the name to one member id. Without asking, two processes of one name would fence each other for ever.
    /// </summary>
    bool HasSuccessor(KafkaError code)
    {
        TimeSpan wait = code == KafkaError.FencedInstanceId ? TimeSpan.Zero : options.SessionTimeout / 2; // a successor's producer is there before its consumer
        var waited = Stopwatch.StartNew();
        do
        {
            try
            {
                if (queries.MemberIdAsync(MemberClients.Group(kafka), options.Member).GetAwaiter().GetResult() is { } id && id != memberId && id != consumer.MemberId) return true;
            }
            catch (KafkaException e)
            {
                LogTrouble(logger, e.Error.Reason); // the broker is away again
            }
        }
        while (waited.Elapsed < wait && !stopping.WaitHandle.WaitOne(100));
        return false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        restore?.Dispose();
        consumer.Dispose();
        writer.Dispose();
        foreach (HeldTask held in tasks.Values) held.Dispose();
        queries.Dispose();
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
            long position = tasks[at.Partition.Value].Positions[input.IndexOf(at.Topic)], begin = queries.BeginsAsync([at]).GetAwaiter().GetResult()[at];
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

    [LoggerMessage(Level = LogLevel.Information, Message = "{Member} gives its partitions up")]
    static partial void LogReleased(ILogger logger, string member);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}")]
    static partial void LogTrouble(ILogger logger, string reason);
}
