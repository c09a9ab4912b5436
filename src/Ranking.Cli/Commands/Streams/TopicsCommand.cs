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
        Dictionary<string, int> all = TopicPartitions.Of(kafka);
        return TopicNames.All(spec).Where(t => all.ContainsKey(t.Name)).ToDictionary(t => t.Name, t => all[t.Name], StringComparer.Ordinal);
    }

    /// <summary>The partitions of a topic that must exist.</summary>
    protected static int Existing(RankingSpec spec, KafkaSettings kafka, string topic) => Partitions(spec, kafka).TryGetValue(topic, out int count)
        ? count
        : throw new RankingException(ErrorCodes.TopicUnknown, $"the broker has no topic {kafka.Topic(topic)}");
}
