using Confluent.Kafka;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking topics list</c>: the problem's topics and what lies in them.</summary>
internal sealed class TopicsListCommand : TopicsCommand
{
    public TopicsListCommand() : base("list", "List the problem's topics with their partitions and messages.", "ranking topics list --spec features/kuairand --kafka localhost:9092") { }

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        using IConsumer<byte[], byte[]?> consumer = kafka.Consumer();
        Dictionary<string, int> partitions = Partitions(spec, kafka);
        var topics = TopicNames.All(spec).Select(t => new { name = t.Name, topic = kafka.Topic(t.Name), compacted = t.Compacted, partitions = partitions.GetValueOrDefault(t.Name) })
            .Select(t => new { t.name, t.topic, t.compacted, t.partitions, messages = Enumerable.Range(0, t.partitions).Sum(p => Length(consumer, t.topic, p)) }).ToArray();
        run.Terminal.Result(new { topics }, console =>
        {
            Table table = new Table().Border(TableBorder.None).AddColumns("topic", "partitions", "messages", "");
            foreach (var t in topics) table.AddRow(Markup.Escape(t.topic), t.partitions == 0 ? "absent" : FormattableString.Invariant($"{t.partitions}"), FormattableString.Invariant($"{t.messages}"), t.compacted ? "compacted" : "");
            console.Write(table);
        });
        return Task.FromResult(0);
    }

    static long Length(IConsumer<byte[], byte[]?> consumer, string topic, int partition)
    {
        WatermarkOffsets bounds = consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition), Patience);
        return bounds.High.Value - bounds.Low.Value;
    }
}
