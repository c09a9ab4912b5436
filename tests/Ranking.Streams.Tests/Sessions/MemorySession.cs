using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Joining;
using Ranking.Streams.Loop;
using Ranking.Streams.Pipeline;
using Ranking.Streams.State;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Sessions;

/// <summary>A member's session on a broker in memory: the tasks, their stores and RocksDB are real, what is not committed dies with it.</summary>
sealed class MemorySession : IMessageWriter, IDisposable
{
    static readonly KafkaSettings Kafka = new("nowhere", "small");

    readonly MemoryBroker broker;
    readonly Random random;
    readonly MemberOutput output;
    readonly TaskInput input;
    readonly StateMemory memory;
    readonly HeldTask[] tasks;
    readonly List<(string Topic, int Partition, byte[] Key, byte[]? Value, Headers? Headers)> transaction = [];
    Dictionary<(int Task, int Topic), long>? unheard;
    HeldTask[] committing = [];

    /// <summary>Takes partitions: each task begins where the changelog ends.</summary>
    /// <param name="broker">What is committed.</param>
    /// <param name="folder">The member's state.</param>
    /// <param name="held">Its partitions.</param>
    /// <param name="memory">What its entities may take, estimated.</param>
    /// <param name="random">What happens to it.</param>
    public MemorySession(MemoryBroker broker, string folder, IEnumerable<int> held, long memory, Random random)
    {
        (this.broker, this.random, this.memory) = (broker, random, new(memory));
        output = new(broker.Partitions, this);
        input = new(Outcome.Builder.Plan.Spec, Kafka, broker.Partitions, output, NullLogger.Instance);
        tasks = [.. held.Select(p => Restore(p, Path.Combine(folder, $"{p}")))];
        if (random.Next(3) == 0) return; // one whose tasks speak through topics alone
        unheard = [];
        for (int i = 0; i < tasks.Length; i++)
            for (int t = input.Sources; t < input.Topics.Count; t++) unheard.Add((i, t), broker.Log(input.Topics[t], tasks[i].Partition).Count);
        Hear();
    }

    /// <summary>Whether all that is committed has been read.</summary>
    public bool IsAtEnd => tasks.All(held => held.Positions.Index().All(at => at.Item == broker.Log(input.Topics[at.Index], held.Partition).Count));

    /// <summary>Reads some records, of any input.</summary>
    public void Read(int most)
    {
        for (int n = 0; n < most; n++)
        {
            HeldTask held = tasks[random.Next(tasks.Length)];
            int topic = random.Next(unheard is null ? 0 : input.Sources, input.Topics.Count);
            List<Message<byte[], byte[]?>> log = broker.Log(input.Topics[topic], held.Partition);
            for (int more = random.Next(20); more > 0 && held.Positions[topic] < log.Count; more--)
            {
                long offset = held.Positions[topic];
                held.Reads(topic, offset);
                input.Give(held.Task, topic, new() { Topic = Kafka.Topic(input.Topics[topic]), Partition = held.Partition, Offset = offset, Message = log[(int)offset] });
            }
        }
        Hear();
    }

    /// <summary>Lets the tasks go as far as they can.</summary>
    public void Advance()
    {
        if (unheard is not null) return;
        do
        {
            foreach (HeldTask held in tasks) held.Task.Advance();
        }
        while (output.HandOver());
    }

    /// <summary>Writes the rows that changed.</summary>
    public void FlushRows()
    {
        foreach (HeldTask held in tasks.Where(t => t.Task.HasRows))
        {
            held.Task.FlushRows();
        }
    }

    /// <summary>Commits what changed.</summary>
    /// <param name="applies">Whether the session lives long enough to have RocksDB follow.</param>
    public void Commit(bool applies = true)
    {
        Finish();
        output.HandOver();
        output.SendFrames();
        HeldTask[] changed = [.. tasks.Where(t => t.Changed)];
        foreach (HeldTask held in changed) held.WriteChanges(change => transaction.Add((TopicNames.State, held.Partition, change.Key, change.Value, null)));
        foreach ((string topic, int partition, byte[] key, byte[]? value, Headers? headers) in transaction) broker.Append(topic, partition, key, value, headers);
        foreach (HeldTask held in changed) broker.Mark(TopicNames.State, held.Partition);
        transaction.Clear();
        if (!applies) return;
        committing = changed;
        if (random.Next(2) == 0) Finish(); // else RocksDB follows while the next one is worked on
    }

    void Finish()
    {
        foreach (HeldTask held in committing) held.ApplyChanges();
        committing = [];
        if (memory.IsOver) memory.Trim();
    }

    void IMessageWriter.Write(string topic, int partition, byte[] key, byte[]? value, Headers? headers) => transaction.Add((topic, partition, key, value, headers));

    public void Dispose()
    {
        foreach (HeldTask held in tasks) held.Dispose();
    }

    void Hear()
    {
        if (unheard is null || unheard.Any(end => tasks[end.Key.Task].Positions[end.Key.Topic] < end.Value)) return;
        unheard = null;
        output.BringNear(tasks.Select(held => (held.Partition, held.Task)));
    }

    HeldTask Restore(int p, string folder)
    {
        var database = new StateDatabase(folder, broker.Changelog);
        int end = broker.Log(TopicNames.State, p).Count;
        database.Apply(broker.Changes(p, database.Offset), end);
        var store = new TaskStore(Outcome.Builder.Plan, "hash-of-the-features", database, memory);
        var task = new PipelineTask(Outcome.Builder, p, broker.Partitions, output.Of(p), state: store);
        return new(p, task, store, database, output, store.Positions?.ToArray() ?? new long[input.Topics.Count], end);
    }
}
