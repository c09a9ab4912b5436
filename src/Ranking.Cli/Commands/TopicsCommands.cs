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

/// <summary>What the commands on topics share.</summary>
internal abstract class TopicsCommand : RankingCommand
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    readonly Option<string> spec = SpecOptions.Spec();
    readonly Option<string?> kafka = KafkaAddress.Option(), kafkaConfig = KafkaAddress.ConfigOption();

    protected TopicsCommand(string name, string description, string example) : base(name, description, example)
    {
        kafka.Required = true;
        foreach (Option option in (Option[])[spec, kafka, kafkaConfig]) Add(option);
    }

    /// <summary>The spec and where its topics lie.</summary>
    protected (RankingSpec Spec, KafkaSettings Kafka) Problem(Invocation run)
    {
        RankingSpec problem = SpecOptions.Read(run.Get(spec));
        return (problem, SpecOptions.Kafka(run, run.Get(kafka)!, run.Get(kafkaConfig), problem));
    }

    /// <summary>Refuses a name that is none of the problem's topics.</summary>
    protected static void Known(RankingSpec spec, string topic)
    {
        string[] names = [.. TopicNames.All(spec).Select(t => t.Name)];
        if (names.Contains(topic)) return;
        string? nearest = NearestName.Of(topic, names);
        throw new RankingException(ErrorCodes.TopicUnknown, $"{Usage.Quote(topic)} is none of {string.Join(", ", names)}" + (nearest is null ? "" : $"; did you mean {nearest}?"));
    }

    /// <summary>The partitions of a topic; 0 if the broker has none of that name.</summary>
    protected static int Partitions(KafkaSettings kafka, string topic)
    {
        var settings = new AdminClientConfig((kafka.Extra ?? new Dictionary<string, string>()).ToDictionary()) { BootstrapServers = kafka.BootstrapServers };
        using IAdminClient admin = new AdminClientBuilder(settings).SetLogHandler((_, _) => { }).Build();
        return admin.GetMetadata(Patience).Topics.FirstOrDefault(t => t.Topic == kafka.Topic(topic))?.Partitions.Count ?? 0;
    }

    /// <summary>The partitions of a topic that must exist.</summary>
    protected static int Existing(KafkaSettings kafka, string topic) =>
        Partitions(kafka, topic) is > 0 and var count ? count : throw new RankingException(ErrorCodes.TopicUnknown, $"the broker has no topic {kafka.Topic(topic)}");
}
