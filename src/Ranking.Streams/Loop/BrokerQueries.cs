using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Loop;

/// <summary>What a member asks the broker: where logs begin and end, of many partitions at once, which topic it is, who has a name.</summary>
sealed class BrokerQueries(KafkaSettings kafka) : IDisposable
{
    readonly IAdminClient admin = kafka.Admin();

    /// <summary>The high watermarks: open transactions count.</summary>
    public Task<Dictionary<TopicPartition, long>> EndsAsync(IEnumerable<TopicPartition> partitions) => AskAsync(partitions, OffsetSpec.Latest());

    /// <summary>Where the logs begin.</summary>
    public Task<Dictionary<TopicPartition, long>> BeginsAsync(IEnumerable<TopicPartition> partitions) => AskAsync(partitions, OffsetSpec.Earliest());

    /// <summary>The id that a topic got when it was made.</summary>
    public async Task<Guid> IdOfAsync(string topic)
    {
        DescribeTopicsResult described = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new() { RequestTimeout = TimeSpan.FromSeconds(10) }).ConfigureAwait(false);
        Uuid id = described.TopicDescriptions[0].TopicId;
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, id.MostSignificantBits);
        BitConverter.TryWriteBytes(bytes[8..], id.LeastSignificantBits);
        return new(bytes);
    }

    /// <summary>The id that the group gives to the member of a name (<c>group.instance.id</c>); null: nobody has it.</summary>
    public async Task<string?> MemberIdAsync(string group, string name)
    {
        DescribeConsumerGroupsResult described = await admin.DescribeConsumerGroupsAsync([group], new() { RequestTimeout = TimeSpan.FromSeconds(5) }).ConfigureAwait(false);
        return described.ConsumerGroupDescriptions[0].Members.FirstOrDefault(m => m.GroupInstanceId == name)?.ConsumerId;
    }

    /// <summary>Deletes records below offsets.</summary>
    public Task DeleteBelowAsync(IEnumerable<TopicPartitionOffset> offsets) => admin.DeleteRecordsAsync(offsets);

    /// <inheritdoc/>
    public void Dispose() => admin.Dispose();

    async Task<Dictionary<TopicPartition, long>> AskAsync(IEnumerable<TopicPartition> partitions, OffsetSpec which)
    {
        ListOffsetsResult found = await admin.ListOffsetsAsync(partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = which }),
            new() { RequestTimeout = TimeSpan.FromSeconds(10), IsolationLevel = IsolationLevel.ReadUncommitted }).ConfigureAwait(false);
        return found.ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => r.TopicPartitionOffsetError.Offset.Value);
    }
}
