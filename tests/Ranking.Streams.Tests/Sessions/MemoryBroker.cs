using Confluent.Kafka;
using Ranking.Streams.Contracts;
using Ranking.Streams.State;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Sessions;

/// <summary>What is committed: logs in memory, of which a transaction gets all or nothing.</summary>
sealed class MemoryBroker(int partitions)
{
    readonly Dictionary<(string Topic, int Partition), List<Message<byte[], byte[]?>>> logs = [];

    public int Partitions => partitions;

    /// <summary>Id of the changelog's topic.</summary>
    public Guid Changelog { get; } = Guid.NewGuid();

    public List<Message<byte[], byte[]?>> Log(string topic, int partition)
    {
        if (!logs.TryGetValue((topic, partition), out List<Message<byte[], byte[]?>>? log)) logs.Add((topic, partition), log = []);
        return log;
    }

    public void Append(string topic, int partition, byte[] key, byte[]? value, Headers? headers = null) =>
        Log(topic, partition).Add(new() { Key = key, Value = value, Headers = headers ?? [] });

    /// <summary>The marker that a commit leaves in each partition that it wrote to; no reader sees it.</summary>
    public void Mark(string topic, int partition) => Append(topic, partition, [], null);

    /// <summary>What the changelog of a task says from an offset on.</summary>
    public IEnumerable<StateChange> Changes(int partition, long from) =>
        Log(TopicNames.State, partition).Skip((int)from).Where(m => m.Key.Length > 0).Select(m => new StateChange(m.Key, m.Value));

    /// <summary>What a trainer and a sink read.</summary>
    public Outcome Outcome
    {
        get
        {
            var outcome = new Outcome();
            var merge = new Ranking.Features.Examples.ExampleMerge(partitions);
            for (int p = 0; p < partitions; p++)
            {
                foreach (Message<byte[], byte[]?> message in Log(TopicNames.Examples, p))
                {
                    ExampleMessage read = ExampleMessages.Decode(message.Value, Outcome.Builder.Plan.Layout);
                    if (read.Example is { } example) merge.Add(p, example);
                    else merge.SetWatermark(p, read.WatermarkMs);
                }
                foreach (Message<byte[], byte[]?> message in Log(TopicNames.Rows, p)) outcome.Keep(message.Key, message.Value);
            }
            while (merge.TryTake(out Ranking.Features.Examples.Example? example, out _, out _)) outcome.Emit(example!);
            return outcome;
        }
    }
}
