using System.Diagnostics;
using Ranking.Features.Examples;
using Ranking.Streams.Examples;
using Ranking.Streams.Topics;

namespace Ranking.Training.Batches;

/// <summary>Topic examples as one sequence by (time, user, request id, item): the same whatever its partitions (streams.md, section 5).</summary>
/// <param name="kafka">Where the topic is.</param>
/// <param name="layout">Layout of the features.</param>
/// <param name="partitions">Partitions of the topic.</param>
/// <param name="toMs">Ends once no example below this time can come any more; null: no such end.</param>
/// <param name="untilIdle">Ends once the topic has been read to its end for so long; null: waits for more.</param>
/// <param name="ended">Asked before it ends for being idle: false waits for more.</param>
/// <param name="reader">Name of the reader: the embedded broker's producers wait for it once it has begun.</param>
public sealed class ExampleTopic(KafkaSettings kafka, FeatureLayout layout, int partitions, long? toMs = null, TimeSpan? untilIdle = null, Func<bool>? ended = null, string reader = "trainer") : IExampleSource
{
    /// <inheritdoc/>
    public string Identity => $"topic {kafka.Topic(TopicNames.Examples)} of {partitions} partitions";

    /// <inheritdoc/>
    public long? Count => null;

    /// <inheritdoc/>
    public IEnumerable<SourcedExample> Read(IReadOnlyDictionary<int, long> from, CancellationToken cancel)
    {
        long[] start = [.. Enumerable.Range(0, partitions).Select(p => from.GetValueOrDefault(p))];
        using ExampleTopicReader topic = new(kafka, reader, layout, partitions, start);
        var idle = Stopwatch.StartNew();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (topic.Take(TimeSpan.FromMilliseconds(50)) is { } example)
            {
                idle.Restart();
                if (example.TimeMs >= toMs) yield break; // the sequence is in order: nothing below the end follows
                yield return new(example, topic.LastPartition, topic.Offsets[topic.LastPartition]);
            }
            else if (toMs is { } end && topic.WatermarkMs >= end) yield break;
            else if (!topic.CaughtUp) idle.Restart();
            else if (untilIdle is { } wait && idle.Elapsed >= wait && (ended?.Invoke() ?? true)) yield break;
        }
    }
}
