using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Ranking.Features.Errors;
using Ranking.Features.Spec;
using Ranking.Streams.State;
using KafkaError = Confluent.Kafka.ErrorCode;

namespace Ranking.Streams.Topics;

/// <summary>Makes and deletes the topics of a problem, with the settings that they need (streams.md, section 1).</summary>
public static class ProblemTopics
{
    /// <summary>Partitions of topics that are made, unless others say so.</summary>
    public const int DefaultPartitions = 8;

    const string Week = "604800000";

    /// <summary>A topic's settings, as Kafka names them.</summary>
    public static IReadOnlyDictionary<string, string> SettingsOf(string name, bool compacted)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            // By their own time events of past years would expire at once.
            ["message.timestamp.type"] = "LogAppendTime",
            ["cleanup.policy"] = compacted ? "compact" : "delete",
            // Owners delete what they have applied of counts and answers themselves.
            [compacted ? "delete.retention.ms" : "retention.ms"] = name is TopicNames.Counts or TopicNames.Answers ? "-1" : Week,
        };
        // A document is needed for as long as impressions can be read that were shown before the next one.
        if (name.StartsWith("entities.", StringComparison.Ordinal) && compacted) settings["min.compaction.lag.ms"] = Week;
        // Changes of state are soon overwritten: small segments let compaction reach them.
        if (name == TopicNames.State) settings["segment.bytes"] = "67108864";
        return settings;
    }

    /// <summary>Makes sure that the problem's topics exist with equal numbers of partitions, and returns that number.</summary>
    /// <param name="kafka">Where.</param>
    /// <param name="spec">The problem.</param>
    /// <param name="partitions">Partitions of topics that are missing, where none exists; 8 by default.</param>
    /// <exception cref="RankingException">RNK2001, RNK2002: no broker answers, or it refuses. RNK2003: numbers of partitions do not fit. RNK1006: the namespace is of other features.</exception>
    public static async Task<int> EnsureAsync(KafkaSettings kafka, RankingSpec spec, int? partitions = null)
    {
        string? trouble = null;
        using IAdminClient admin = kafka.Admin(reason => trouble = reason);
        try
        {
            if (kafka.Flow is null) return await EnsureAsync(admin, kafka, spec, partitions);
            // The in-process broker has no CreateTopics: asking for a topic's metadata creates it.
            foreach ((string name, _) in TopicNames.All(spec).Where(t => t.Name != TopicNames.State)) admin.GetMetadata(kafka.Topic(name), TimeSpan.FromSeconds(10));
            return Embedded.EmbeddedKafka.Partitions;
        }
        catch (KafkaException e) when (e.Error.IsLocalError)
        {
            throw new RankingException(ErrorCodes.KafkaUnreachable, $"{kafka.BootstrapServers}: {trouble ?? e.Error.Reason}", e);
        }
        catch (KafkaException e)
        {
            throw new RankingException(ErrorCodes.KafkaRefused, $"{kafka.BootstrapServers}: {e.Error.Reason}", e);
        }
    }

    /// <summary>Deletes all topics of a namespace.</summary>
    public static async Task DeleteAsync(KafkaSettings kafka)
    {
        using IAdminClient admin = kafka.Admin();
        string[] topics = [.. TopicPartitions.Described(admin, kafka).Select(t => t.Topic)];
        if (topics.Length == 0) return;
        try
        {
            await admin.DeleteTopicsAsync(topics);
        }
        catch (DeleteTopicsException e) when (e.Results.All(r => r.Error.Code is KafkaError.NoError or KafkaError.UnknownTopicOrPart))
        {
        }
    }

    static async Task<int> EnsureAsync(IAdminClient admin, KafkaSettings kafka, RankingSpec spec, int? wanted)
    {
        Dictionary<string, int> existing = TopicPartitions.Of(admin, kafka);
        (string Name, bool Compacted)[] all = [.. TopicNames.All(spec)];
        (string Name, int Count)[] found = [.. all.Select(t => (t.Name, existing.GetValueOrDefault(t.Name))).Where(t => t.Item2 > 0)];
        if (found.Select(t => t.Count).Distinct().Count() > 1)
            throw new RankingException(ErrorCodes.PartitionsDiffer, $"the topics of {kafka.Namespace} must have equal numbers of partitions, but {string.Join(", ", found.GroupBy(t => t.Count).Select(g => $"{string.Join(", ", g.Select(t => t.Name))} {(g.Count() == 1 ? "has" : "have")} {g.Key}"))}");
        int partitions = found.Length > 0 ? found[0].Count : wanted ?? DefaultPartitions;
        if (partitions is < 1 or > 64 || !int.IsPow2(partitions) || (wanted is { } asked && asked != partitions))
            throw new RankingException(ErrorCodes.PartitionsDiffer, $"the topics of {kafka.Namespace} have {partitions} partitions; {(wanted is { } number ? $"{number} were asked for" : "a power of two up to 64 is expected")}");
        if (existing.ContainsKey(TopicNames.State)) NamespaceFeatures.Check(kafka, spec, partitions);
        TopicSpecification[] missing = [.. all.Where(t => !existing.ContainsKey(t.Name)).Select(t => new TopicSpecification
        {
            Name = kafka.Topic(t.Name),
            NumPartitions = partitions,
            ReplicationFactor = -1,
            Configs = new(SettingsOf(t.Name, t.Compacted).ToDictionary()),
        })];
        if (missing.Length == 0) return partitions;
        try
        {
            await admin.CreateTopicsAsync(missing);
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code is KafkaError.NoError or KafkaError.TopicAlreadyExists))
        {
            return await EnsureAsync(admin, kafka, spec, wanted); // another process made them at the same time: with the same number?
        }
        await LedAsync(admin, kafka, [.. missing.Select(t => t.Name)]);
        return partitions;
    }

    /// <summary>Waits until new partitions have their leaders: a topic is there a moment before it can be asked for anything.</summary>
    static async Task LedAsync(IAdminClient admin, KafkaSettings kafka, HashSet<string> topics)
    {
        var waited = Stopwatch.StartNew();
        while (TopicPartitions.Described(admin, kafka).Where(t => topics.Contains(t.Topic)) is var made && (made.Count() < topics.Count || made.Any(t => t.Partitions.Any(p => p.Leader < 0))))
        {
            if (waited.Elapsed > TimeSpan.FromSeconds(30)) throw new RankingException(ErrorCodes.KafkaRefused, $"{kafka.BootstrapServers}: new topics have no leaders after 30 s");
            await Task.Delay(100);
        }
    }
}
