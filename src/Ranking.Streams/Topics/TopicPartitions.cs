using Confluent.Kafka;
using Ranking.Features.Errors;

namespace Ranking.Streams.Topics;

/// <summary>Which topics of a namespace a broker has, and with how many partitions.</summary>
public static class TopicPartitions
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Asks the broker. By the topics' names without the prefix.</summary>
    /// <exception cref="RankingException">RNK2001: no broker answers.</exception>
    public static Dictionary<string, int> Of(KafkaSettings kafka)
    {
        string? trouble = null;
        using IAdminClient admin = kafka.Admin(reason => trouble = reason);
        try
        {
            return Of(admin, kafka);
        }
        catch (KafkaException e) when (e.Error.IsLocalError)
        {
            throw new RankingException(ErrorCodes.KafkaUnreachable, $"{kafka.BootstrapServers}: {trouble ?? e.Error.Reason}", e);
        }
    }

    /// <summary>Asks the broker, of all topics: asking for one would make it where the broker may, with partitions that the others do not have.</summary>
    /// <exception cref="KafkaException">No broker answers.</exception>
    internal static Dictionary<string, int> Of(IAdminClient admin, KafkaSettings kafka) =>
        Described(admin, kafka).Where(t => t.Partitions.Count > 0).ToDictionary(t => kafka.Bare(t.Topic), t => t.Partitions.Count, StringComparer.Ordinal);

    /// <summary>The topics of a namespace as the broker describes them now: what a client remembers of topics that were not there a moment ago outlives their making.</summary>
    internal static IEnumerable<TopicMetadata> Described(IAdminClient admin, KafkaSettings kafka) =>
        admin.GetMetadata(Patience).Topics.Where(t => t.Topic.StartsWith(kafka.Topic(""), StringComparison.Ordinal));
}
