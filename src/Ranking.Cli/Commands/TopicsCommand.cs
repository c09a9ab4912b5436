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
