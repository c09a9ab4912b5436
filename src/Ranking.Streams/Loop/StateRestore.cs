using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Streams.Pipeline;
using Ranking.Streams.State;
using Ranking.Streams.Topics;
using RocksDbSharp;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Ranking.Streams.Loop;

/// <summary>
/// Brings tasks to where they were committed, in this order: the committed offsets, once no transaction holds them open; the end of the
/// changelog; the changelog up to it, which waits out open transactions; and then both must agree (streams.md, section 3). It goes in
/// steps, so that the group is answered meanwhile.
/// </summary>
sealed class StateRestore : IDisposable
{
    const int BatchRecords = 5_000;

    readonly KafkaSettings kafka;
    readonly FeatureBuilder builder;
    readonly PipelineOptions options;
    readonly int partitions;
    readonly IReadOnlyList<string> topics;
    readonly BrokerQueries queries;
    readonly int[] held;
    readonly Dictionary<TopicPartition, long> committed = [];
    readonly Dictionary<int, StateDatabase> databases = [];
    readonly Dictionary<int, List<StateChange>> read = [];
    readonly Dictionary<int, long> positions = [], ends = [];
    readonly string featureHash;
    IConsumer<byte[], byte[]?>? changelog;

    public StateRestore(KafkaSettings kafka, FeatureBuilder builder, PipelineOptions options, int partitions, IReadOnlyList<string> topics, BrokerQueries queries, IEnumerable<int> held)
    {
        (this.kafka, this.builder, this.options, this.partitions, this.topics, this.queries) = (kafka, builder, options, partitions, topics, queries);
        this.held = [.. held];
        featureHash = builder.Plan.Spec.FeatureHash;
    }

    /// <summary>Does a part of the work; true: all is restored.</summary>
    /// <param name="group">The group's consumer.</param>
    /// <exception cref="RankingException">RNK2006: offsets and changelog do not agree. RNK1006: of another spec. RNK2008: the folder is in use.</exception>
    public bool Step(IConsumer<byte[], byte[]?> group)
    {
        if (held.Length == 0) return true;
        if (committed.Count == 0) return AskCommitted(group) && OpenChangelog();
        if (changelog is not null) return ReadChangelog();
        return OpenChangelog();
    }

    /// <summary>The tasks, with the positions they go on from; the databases are theirs from now on.</summary>
    /// <exception cref="RankingException">RNK2004: a position lies below its log's start. RNK2006: offsets and changelog do not agree.</exception>
    public IReadOnlyList<HeldTask> Finish(MemberOutput output, StateMemory memory)
    {
        TopicPartition[] inputs = [.. held.SelectMany(Inputs)];
        Dictionary<TopicPartition, long> begins = inputs.Length == 0 ? [] : queries.BeginsAsync(inputs).GetAwaiter().GetResult();
        TaskStore[] stores = [.. held.Select(p => OrAgain(p, () => new TaskStore(builder.Plan, featureHash, databases[p], memory)))];
        long[][] at = [.. held.Select((p, i) => Agree(p, stores[i], begins))];
        // A task looks at every entity that it has, for what is due of it: all at once, since of millions that takes seconds.
        var tasks = new PipelineTask[held.Length];
        try
        {
            Parallel.For(0, held.Length, i => tasks[i] = OrAgain(held[i], () => new PipelineTask(builder, held[i], partitions, output.Of(held[i]), state: stores[i])));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        HeldTask[] restored = [.. held.Select((p, i) => new HeldTask(p, tasks[i], stores[i], databases[p], output, at[i], positions[p]))];
        databases.Clear();
        return restored;
    }

    /// <summary>What RocksDB gives; where it is damaged it is cleared, and the next session restores it.</summary>
    T OrAgain<T>(int p, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (RocksDbException)
        {
            databases[p].Clear();
            throw;
        }
    }

    public void Dispose()
    {
        changelog?.Dispose();
        foreach (StateDatabase database in databases.Values) database.Dispose();
    }

    IEnumerable<TopicPartition> Inputs(int p) => topics.Select(t => new TopicPartition(kafka.Topic(t), p));

    bool AskCommitted(IConsumer<byte[], byte[]?> group)
    {
        try
        {
            // With isolation by commits the broker refuses while a transaction holds offsets of these partitions.
            foreach (TopicPartitionOffset at in group.Committed(held.SelectMany(Inputs), TimeSpan.FromSeconds(2)))
                committed.Add(at.TopicPartition, at.Offset.IsSpecial ? -1 : at.Offset.Value);
            return true;
        }
        catch (KafkaException e) when (e.Error.Code is KafkaError.Local_TimedOut or KafkaError.UnstableOffsetCommit)
        {
            return false;
        }
    }

    bool OpenChangelog()
    {
        TopicPartition[] logs = [.. held.Select(p => new TopicPartition(kafka.Topic(TopicNames.State), p))];
        Guid id = queries.IdOfAsync(kafka.Topic(TopicNames.State)).GetAwaiter().GetResult();
        Dictionary<TopicPartition, long> begins = queries.BeginsAsync(logs).GetAwaiter().GetResult();
        var from = new List<TopicPartitionOffset>();
        foreach ((TopicPartition log, long end) in queries.EndsAsync(logs).GetAwaiter().GetResult())
        {
            int p = log.Partition.Value;
            var database = new StateDatabase(Path.Combine(options.StateFolder, kafka.Namespace, options.Member, $"{p}"), id);
            databases.Add(p, database);
            if (database.Offset > end) database.Clear();
            (positions[p], ends[p], read[p]) = (Math.Max(database.Offset, begins[log]), end, []);
            if (positions[p] < end) from.Add(new(log, positions[p]));
        }
        changelog = MemberClients.ChangelogConsumer(kafka);
        changelog.Assign(from);
        return IsWhole;
    }

    bool ReadChangelog()
    {
        for (int n = 0; n < BatchRecords && !IsWhole; n++)
        {
            if (changelog!.Consume(n == 0 ? TimeSpan.FromMilliseconds(50) : TimeSpan.Zero) is not { } next) break;
            int p = next.Partition.Value;
            if (next.IsPartitionEOF) positions[p] = next.Offset.Value;
            else
            {
                read[p].Add(new(next.Message.Key, next.Message.Value));
                positions[p] = next.Offset.Value + 1;
            }
        }
        foreach ((int p, List<StateChange> changes) in read)
        {
            if (changes.Count == 0) continue;
            databases[p].Apply(changes, positions[p]);
            changes.Clear();
            options.Probe?.Invoke("restoring");
        }
        return IsWhole;
    }

    bool IsWhole => held.All(p => positions[p] >= ends[p]);

    long[] Agree(int p, TaskStore store, Dictionary<TopicPartition, long> begins)
    {
        long[] at = new long[topics.Count];
        foreach ((int t, TopicPartition input) in Inputs(p).Index())
        {
            long offset = committed[input];
            if (offset >= 0 && store.Positions is null)
                throw new RankingException(ErrorCodes.StateDiffers, $"{input.Topic}-{p} is committed at {offset}, but the changelog holds no state");
            if (offset >= 0 && store.Positions![t] != offset)
                throw new RankingException(ErrorCodes.StateDiffers, $"{input.Topic}-{p} is committed at {offset}, but the changelog's state contains it up to {store.Positions[t]}");
            // Committed offsets of a group that was away for long expire; the changelog does not.
            at[t] = store.Positions?[t] ?? begins[input];
            if (at[t] < begins[input])
                throw new RankingException(ErrorCodes.LogGap, $"{input.Topic}-{p} was read up to {at[t]}, but begins at {begins[input]} now: {begins[input] - at[t]} records were deleted unread");
        }
        return at;
    }
}
