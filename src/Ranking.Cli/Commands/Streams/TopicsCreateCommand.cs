using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Commands;

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
