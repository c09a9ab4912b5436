using Confluent.Kafka;
using Ranking.Features.Examples;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Examples;

/// <summary>
/// Reads topic examples as one sequence by (time, user, request id, item), strictly below the least watermark of its partitions
/// (streams.md, section 5).
/// </summary>
public sealed class ExampleTopicReader : IDisposable
{
    readonly FeatureLayout layout;
    readonly TopicReader reader;
    readonly ExampleMerge merge;
    readonly long[] offsets;

    /// <summary>A reader from given offsets.</summary>
    /// <param name="kafka">Where.</param>
    /// <param name="name">Name of the reader.</param>
    /// <param name="layout">Layout of the features.</param>
    /// <param name="partitions">Partitions of the topic.</param>
    /// <param name="start">For each partition the offset to begin at; null: the beginning.</param>
    public ExampleTopicReader(KafkaSettings kafka, string name, FeatureLayout layout, int partitions, long[]? start = null)
    {
        this.layout = layout;
        offsets = start?.ToArray() ?? new long[partitions];
        reader = new(kafka, name, [TopicNames.Examples], partitions, (_, p) => start is null ? Offset.Beginning : start[p]);
        merge = new(partitions);
    }

    /// <summary>For each partition the offset after the last example that was taken: where to begin again.</summary>
    public IReadOnlyList<long> Offsets => offsets;

    /// <summary>The partition of the example that was taken last.</summary>
    public int LastPartition { get; private set; }

    /// <summary>Every example below this was taken or can be.</summary>
    public long WatermarkMs => merge.WatermarkMs;

    /// <summary>Whether the topic has been read to its end.</summary>
    public bool CaughtUp => reader.CaughtUp;

    /// <summary>Takes the next example of the sequence; null if none could be taken in time.</summary>
    /// <exception cref="MessageFormatException">A message cannot be read: the topic holds examples of another spec.</exception>
    public Example? Take(TimeSpan wait)
    {
        while (true)
        {
            if (merge.TryTake(out Example? example, out int partition, out long offset))
            {
                LastPartition = partition;
                offsets[partition] = Math.Max(offsets[partition], offset + 1);
                return example;
            }
            if (reader.Read(wait) is not { } read) return null;
            ExampleMessage message = ExampleMessages.Decode(read.Message.Value, layout);
            if (message.Example is { } next) merge.Add(read.Partition.Value, next, read.Offset.Value);
            else merge.SetWatermark(read.Partition.Value, message.WatermarkMs);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();
}
