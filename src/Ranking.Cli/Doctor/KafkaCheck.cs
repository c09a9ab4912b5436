using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Ranking.Cli.Doctor;

/// <summary>The Kafka cluster: whether it answers, whether it has what the pipeline needs, whether the problem's topics fit together.</summary>
internal static class KafkaCheck
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What was found.</summary>
    /// <param name="settings">Client settings, the address included.</param>
    /// <param name="topicPrefix">Prefix of the problem's topics; null looks at no topics.</param>
    /// <param name="stopping">Ends it.</param>
    public static async Task<IReadOnlyList<Finding>> Run(IReadOnlyDictionary<string, string> settings, string? topicPrefix, CancellationToken stopping)
    {
        List<Finding> found = [];
        string address = settings["bootstrap.servers"];
        string lastError = "no broker answered";
        using IAdminClient admin = new AdminClientBuilder(new ClientConfig(settings.ToDictionary()) { LogConnectionClose = false })
            .SetErrorHandler((_, e) => lastError = e.Reason).SetLogHandler((_, _) => { }).Build();
        try
        {
            Metadata metadata = await Task.Run(() => admin.GetMetadata(Patience), stopping);
            found.Add(Finding.Ok("kafka", string.Create(CultureInfo.InvariantCulture,
                $"{metadata.Brokers.Count} brokers: {string.Join(", ", metadata.Brokers.Select(b => $"{b.Host}:{b.Port}"))}")));
            found.Add(await Transactions(admin, metadata));
            if (topicPrefix is not null) found.Add(Topics(metadata, topicPrefix));
        }
        catch (KafkaException e)
        {
            found.Add(Finding.Failed("kafka", $"{address}: {e.Error.Reason} ({lastError})", "check the address, the network, --kafka-config, and the address that the broker advertises"));
        }
        return found;
    }

    static async Task<Finding> Transactions(IAdminClient admin, Metadata metadata)
    {
        try
        {
            List<DescribeConfigsResult> described = await admin.DescribeConfigsAsync(
                [new() { Type = ResourceType.Broker, Name = metadata.Brokers[0].BrokerId.ToString(CultureInfo.InvariantCulture) }], new() { RequestTimeout = Patience });
            string Value(string name) => described[0].Entries.TryGetValue(name, out ConfigEntryResult? entry) ? entry.Value : "unknown";
            string found = $"transactions: log of {Value("transaction.state.log.replication.factor")} replicas, longest {Value("transaction.max.timeout.ms")} ms; largest message {Value("message.max.bytes")} B";
            return metadata.Brokers.Count >= 3 && Value("transaction.state.log.replication.factor") == "1"
                ? Finding.Warning("kafka abilities", found, "one copy of the transaction log on several brokers: set transaction.state.log.replication.factor to 3")
                : Finding.Ok("kafka abilities", found);
        }
        catch (KafkaException e)
        {
            return Finding.Warning("kafka abilities", e.Error.Reason, "the broker tells no settings (a mock broker, or no right to describe them): the pipeline needs transactions, Kafka 2.5 or newer");
        }
    }

    static Finding Topics(Metadata metadata, string prefix)
    {
        TopicMetadata[] topics = [.. metadata.Topics.Where(t => t.Topic.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(t => t.Topic, StringComparer.Ordinal)];
        int[] counts = [.. topics.Select(t => t.Partitions.Count).Distinct()];
        string found = string.Create(CultureInfo.InvariantCulture, $"{topics.Length} topics {prefix}*, partitions {(counts.Length == 0 ? "none" : string.Join(", ", counts))}");
        return counts.Length <= 1 && counts.All(c => c is > 0 and <= 64 && int.IsPow2(c))
            ? Finding.Ok("kafka topics", found)
            : Finding.Failed("kafka topics", found, "all topics of a problem need the same number of partitions, a power of two up to 64: create them anew");
    }
}
