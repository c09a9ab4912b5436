using Confluent.Kafka;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Commands;

/// <summary>What the commands on topics share.</summary>
internal abstract class TopicsCommand(string name, string description, string example) : ProblemCommand(name, description, example)
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Refuses a topic's name that is none of those that are meant.</summary>
    protected static string Known(string topic, string[] names)
    {
        if (names.Contains(topic)) return topic;
        string? nearest = NearestName.Of(topic, names);
        throw new RankingException(ErrorCodes.TopicUnknown, $"{Usage.Quote(topic)} is none of {string.Join(", ", names)}" + (nearest is null ? "" : $"; did you mean {nearest}?"));
    }

    /// <summary>The partitions of those of the problem's topics that the broker has, by their names without the prefix.</summary>
    protected static Dictionary<string, int> Partitions(RankingSpec spec, KafkaSettings kafka)
    {
        var settings = new AdminClientConfig((kafka.Extra ?? new Dictionary<string, string>()).ToDictionary()) { BootstrapServers = kafka.BootstrapServers };
        string? trouble = null;
        using IAdminClient admin = new AdminClientBuilder(settings).SetLogHandler((_, _) => { }).SetErrorHandler((_, e) => trouble = e.Reason).Build();
        try
        {
            Dictionary<string, int> all = admin.GetMetadata(Patience).Topics.ToDictionary(t => t.Topic, t => t.Partitions.Count, StringComparer.Ordinal);
            return TopicNames.All(spec).Where(t => all.GetValueOrDefault(kafka.Topic(t.Name)) > 0).ToDictionary(t => t.Name, t => all[kafka.Topic(t.Name)], StringComparer.Ordinal);
        }
        catch (KafkaException e) when (e.Error.IsLocalError)
        {
            throw new RankingException(ErrorCodes.KafkaUnreachable, $"{kafka.BootstrapServers}: {trouble ?? e.Error.Reason}", e);
        }
    }

    /// <summary>The partitions of a topic that must exist.</summary>
    protected static int Existing(RankingSpec spec, KafkaSettings kafka, string topic) => Partitions(spec, kafka).TryGetValue(topic, out int count)
        ? count
        : throw new RankingException(ErrorCodes.TopicUnknown, $"the broker has no topic {kafka.Topic(topic)}");
}
