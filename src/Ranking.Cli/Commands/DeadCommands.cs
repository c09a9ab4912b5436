using System.CommandLine;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Ranking.Cli.Output;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking dead list</c>: how many dead and late letters each source topic has, by reason.</summary>
internal sealed class DeadListCommand : TopicsCommand
{
    public DeadListCommand() : base("list", "Count dead and late letters by topic and reason.", "ranking dead list --spec features/kuairand --kafka localhost:9092") { }

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        var counts = Letters(run, spec, kafka).GroupBy(l => (l.Topic, l.Letter.Reason)).Select(g => new { topic = g.Key.Topic, reason = g.Key.Reason, count = g.Count() }).OrderBy(c => c.topic, StringComparer.Ordinal).ToArray();
        run.Terminal.Result(new { letters = counts }, console =>
        {
            Table table = new Table().Border(TableBorder.None).AddColumns("topic", "letters", "reason");
            foreach (var c in counts) table.AddRow(Markup.Escape(c.topic), c.count.ToString(CultureInfo.InvariantCulture), Markup.Escape(c.reason));
            console.Write(table);
        });
        return Task.FromResult(0);
    }

    /// <summary>All dead and late letters that are there now.</summary>
    internal static IEnumerable<(string Topic, int Partition, long Offset, byte[] Key, DeadLetter Letter)> Letters(Invocation run, RankingSpec spec, KafkaSettings kafka)
    {
        foreach (string topic in TopicNames.All(spec).Select(t => t.Name).Where(n => n.EndsWith(".dead", StringComparison.Ordinal) || n.EndsWith(".late", StringComparison.Ordinal)))
        {
            int partitions = Partitions(kafka, topic);
            if (partitions == 0) continue;
            using var reader = new TopicReader(kafka, "dead", [topic], partitions);
            while (!reader.CaughtUp)
            {
                run.Stopping.ThrowIfCancellationRequested();
                if (reader.Read(TimeSpan.FromMilliseconds(200)) is not { Message.Value: { } value } message) continue;
                yield return (topic, message.Partition.Value, message.Offset.Value, message.Message.Key, DeadLetters.Decode(value));
            }
        }
    }
}

/// <summary><c>ranking dead show</c>: dead and late letters with their messages, one JSON object a line.</summary>
internal sealed class DeadShowCommand : TopicsCommand
{
    readonly Option<string?> topic = OptionFactory.Text("--topic", "One side topic, such as impressions.dead; all by default.", "NAME");
    readonly Option<int> limit = OptionFactory.Integer("--limit", "How many; 0 for all.", 20, 0, int.MaxValue);

    public DeadShowCommand() : base("show", "Show dead and late letters with their reasons and messages.", "ranking dead show --spec features/kuairand --kafka localhost:9092 --topic impressions.dead")
    {
        Add(topic);
        Add(limit);
    }

    public override bool Streams => true;

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        if (run.Get(topic) is { } only) Known(spec, only);
        int most = run.Get(limit) is > 0 and var given ? given : int.MaxValue;
        foreach (var (name, partition, offset, key, letter) in DeadListCommand.Letters(run, spec, kafka).Where(l => run.Get(topic) is not { } one || one == l.Topic).Take(most))
            run.Terminal.Line(new { topic = name, partition, offset, key = Encoding.UTF8.GetString(key), letter = TopicMessages.Letter(spec, name, letter) });
        return Task.FromResult(0);
    }
}

/// <summary><c>ranking dead retry</c>: writes the message of one letter to its source topic again, into the right partition.</summary>
internal sealed class DeadRetryCommand : TopicsCommand
{
    readonly Option<string> topic = OptionFactory.Required("--topic", "The side topic, such as impressions.dead.", "NAME"), at = OptionFactory.Required("--at", "Which letter, as show prints it.", "PARTITION:OFFSET");

    public DeadRetryCommand() : base("retry", "Write the message of a dead letter to its source topic again.", "ranking dead retry --spec features/kuairand --kafka localhost:9092 --topic impressions.dead --at 0:12")
    {
        Add(topic);
        Add(at);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        string side = run.Get(topic);
        Known(spec, side);
        string source = side[..Math.Max(0, side.LastIndexOf('.'))];
        Known(spec, source);
        string[] parts = run.Get(at).Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int partition) || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
            throw new RankingException(ErrorCodes.WrongUsage, $"--at: {Usage.Quote(run.Get(at))} is not PARTITION:OFFSET");
        int partitions = Existing(kafka, source);
        if (partition >= partitions) throw new RankingException(ErrorCodes.WrongUsage, $"--at: {side} has {partitions} partitions");
        using var reader = new TopicReader(kafka, "retry", [side], partitions, (_, p) => p == partition ? new Offset(offset) : Offset.End);
        while (!reader.CaughtUp)
        {
            run.Stopping.ThrowIfCancellationRequested();
            if (reader.Read(TimeSpan.FromMilliseconds(200)) is not { Message: { Value: { } value, Key: var key } } message || message.Partition.Value != partition) continue;
            if (message.Offset.Value != offset) break;
            int target = Murmur2.Partition(Encoding.UTF8.GetString(key), partitions);
            using (var writer = new TopicWriter(kafka))
            {
                writer.Write(source, target, key, DeadLetters.Decode(value).Value);
                writer.Flush(run.Stopping);
            }
            run.Terminal.Result(new { topic = source, partition = target, key = Encoding.UTF8.GetString(key) }, console => console.WriteLine($"written to {kafka.Topic(source)}, partition {target}"));
            return Task.FromResult(0);
        }
        throw new RankingException(ErrorCodes.TopicUnknown, $"{side} holds no letter at {partition}:{offset}");
    }
}
