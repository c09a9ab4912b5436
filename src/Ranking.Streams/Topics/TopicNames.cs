using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Ranking.Features.Joining;
using Ranking.Features.Spec;

namespace Ranking.Streams.Topics;

/// <summary>The topics of a problem (streams.md, section 1), without their prefix.</summary>
public static class TopicNames
{
    /// <summary>What happened to keys, questions, watermarks.</summary>
    public const string Counts = "counts";

    /// <summary>Owners' answers.</summary>
    public const string Answers = "answers";

    /// <summary>Packed rows.</summary>
    public const string Rows = "rows";

    /// <summary>Examples and their watermarks.</summary>
    public const string Examples = "examples";

    /// <summary>Side topic of events that came too late.</summary>
    public static string Late(string topic) => $"{topic}.late";

    /// <summary>Side topic of events that cannot be used.</summary>
    public static string Dead(string topic) => $"{topic}.dead";

    /// <summary>All topics of a spec, with whether each is compacted.</summary>
    public static IEnumerable<(string Name, bool Compacted)> All(RankingSpec spec)
    {
        foreach (string source in PipelineTask.TopicsOf(spec))
        {
            yield return (source, source.StartsWith("entities.", StringComparison.Ordinal));
            yield return (Late(source), false);
            yield return (Dead(source), false);
        }
        yield return (Counts, false);
        yield return (Answers, false);
        yield return (Rows, true);
        yield return (Examples, false);
    }

    /// <summary>Makes sure that the problem's topics exist with equal numbers of partitions, and returns that number.</summary>
    /// <exception cref="KafkaException">The broker cannot be reached, or refuses.</exception>
    /// <exception cref="InvalidOperationException">Topics that exist differ in their number of partitions.</exception>
    public static async Task<int> EnsureAsync(KafkaSettings kafka, RankingSpec spec, int partitions = 8)
    {
        using IAdminClient admin = new AdminClientBuilder(kafka.AdminConfig()).SetLogHandler(static (_, _) => { }).Build();
        if (kafka.Flow is not null)
        {
            // The in-process broker has no CreateTopics: asking for a topic's metadata creates it.
            foreach ((string name, _) in All(spec)) admin.GetMetadata(kafka.Topic(name), TimeSpan.FromSeconds(10));
            return Embedded.EmbeddedKafka.Partitions;
        }
        Dictionary<string, int> existing = admin.GetMetadata(TimeSpan.FromSeconds(15)).Topics.ToDictionary(t => t.Topic, t => t.Partitions.Count, StringComparer.Ordinal);
        int[] counts = [.. All(spec).Select(t => existing.GetValueOrDefault(kafka.Topic(t.Name))).Where(n => n > 0).Distinct()];
        if (counts.Length > 1)
            throw new InvalidOperationException($"the topics of {kafka.Namespace} have different numbers of partitions ({string.Join(", ", counts)}); all must have the same");
        if (counts.Length == 1) partitions = counts[0];
        TopicSpecification[] missing = [.. All(spec).Where(t => !existing.ContainsKey(kafka.Topic(t.Name))).Select(t => new TopicSpecification
        {
            Name = kafka.Topic(t.Name),
            NumPartitions = partitions,
            ReplicationFactor = -1,
            Configs = new()
            {
                // Events of past years would expire at once by their own time.
                ["message.timestamp.type"] = "LogAppendTime",
                ["cleanup.policy"] = t.Compacted ? "compact" : "delete",
                [t.Compacted ? "delete.retention.ms" : "retention.ms"] = t.Name is Counts or Answers ? "-1" : "604800000",
            },
        })];
        if (missing.Length > 0) await admin.CreateTopicsAsync(missing);
        return partitions;
    }

    /// <summary>Deletes the problem's topics; those that do not exist are passed over.</summary>
    public static async Task DeleteAsync(KafkaSettings kafka, RankingSpec spec)
    {
        using IAdminClient admin = new AdminClientBuilder(kafka.AdminConfig()).SetLogHandler(static (_, _) => { }).Build();
        try
        {
            await admin.DeleteTopicsAsync([.. All(spec).Select(t => kafka.Topic(t.Name))]);
        }
        catch (DeleteTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
        {
        }
    }

    internal static AdminClientConfig AdminConfig(this KafkaSettings kafka)
    {
        var config = new AdminClientConfig { BootstrapServers = kafka.BootstrapServers };
        foreach ((string key, string value) in kafka.Extra ?? new Dictionary<string, string>()) config.Set(key, value);
        return config;
    }
}
