using System.CommandLine;
using System.Text;
using Confluent.Kafka;
using Ranking.Cli.Output;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Examples;
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
        var topics = TopicNames.All(spec).Select(t => new { name = t.Name, topic = kafka.Topic(t.Name), compacted = t.Compacted, partitions = Partitions(kafka, t.Name) })
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

/// <summary><c>ranking topics show</c>: the messages of one topic, decoded, one JSON object a line.</summary>
internal sealed class TopicsShowCommand : TopicsCommand
{
    readonly Argument<string> name = new("NAME") { Description = "Name of the topic without its prefix, such as impressions." };
    readonly Option<int> limit = OptionFactory.Integer("--limit", "How many messages; 0 for all that are there.", 20, 0, int.MaxValue);

    public TopicsShowCommand() : base("show", "Show the messages of a topic, decoded, watermarks too.", "ranking topics show impressions --spec features/kuairand --kafka localhost:9092 --limit 5")
    {
        Add(name);
        Add(limit);
    }

    public override bool Streams => true;

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        string topic = run.Get(name);
        Known(spec, topic);
        using var reader = new TopicReader(kafka, "show", [topic], Existing(kafka, topic));
        FeatureLayout layout = FeatureLayout.Of(spec);
        int left = run.Get(limit) is > 0 and var most ? most : int.MaxValue;
        while (left > 0 && !reader.CaughtUp)
        {
            run.Stopping.ThrowIfCancellationRequested();
            if (reader.Read(TimeSpan.FromMilliseconds(200)) is not { } message) continue;
            run.Terminal.Line(new { topic, partition = message.Partition.Value, offset = message.Offset.Value, key = Encoding.UTF8.GetString(message.Message.Key ?? []), value = TopicMessages.Decode(spec, layout, topic, message.Message.Value) });
            left--;
        }
        return Task.FromResult(0);
    }
}

/// <summary><c>ranking topics create</c>: the problem's topics alone, and the commands by which an administrator makes them.</summary>
internal sealed class TopicsCreateCommand : TopicsCommand
{
    readonly Option<int> partitions = OptionFactory.Integer("--partitions", "Partitions of each topic, a power of two; fixed for the life of the namespace.", ProblemTopics.DefaultPartitions, 1, 64);
    readonly Option<bool> print = OptionFactory.Flag("--print", "Only print the commands, for an administrator; ask no broker.");

    public TopicsCreateCommand() : base("create", "Make the problem's topics, and show the equivalent commands.", "ranking topics create --spec features/kuairand --kafka localhost:9092 --partitions 8")
    {
        Add(partitions);
        Add(print);
    }

    public override async Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        int count = run.Get(partitions);
        if (!int.IsPow2(count)) throw new RankingException(ErrorCodes.PartitionsDiffer, $"--partitions: {count} is no power of two up to 64");
        if (!run.Get(print)) count = await ProblemTopics.EnsureAsync(kafka, spec, run.Has(partitions) ? count : null);
        var topics = TopicNames.All(spec).Select(t => (Topic: kafka.Topic(t.Name), Settings: ProblemTopics.SettingsOf(t.Name, t.Compacted)))
            .Select(t => new { topic = t.Topic, settings = t.Settings, command = Command(kafka, t.Topic, count, t.Settings) }).ToArray();
        run.Terminal.Result(new { partitions = count, topics }, console =>
        {
            foreach (var topic in topics) console.Profile.Out.Writer.WriteLine(topic.command);
        });
        return 0;
    }

    static string Command(KafkaSettings kafka, string topic, int partitions, IReadOnlyDictionary<string, string> settings) =>
        $"kafka-topics.sh --bootstrap-server {kafka.BootstrapServers} --create --if-not-exists --topic {topic} --partitions {partitions} {string.Join(' ', settings.Select(s => $"--config {s.Key}={s.Value}"))}";
}
