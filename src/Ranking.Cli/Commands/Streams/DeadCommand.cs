using Ranking.Features.Spec;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary>What the commands on dead and late letters share.</summary>
internal abstract class DeadCommand(string name, string description, string example) : TopicsCommand(name, description, example)
{
    /// <summary>The names of the topics that hold letters.</summary>
    protected static IEnumerable<string> SideTopics(RankingSpec spec) =>
        TopicNames.All(spec).Select(t => t.Name).Where(n => n.EndsWith(".dead", StringComparison.Ordinal) || n.EndsWith(".late", StringComparison.Ordinal));

    /// <summary>Refuses a name that is no topic of letters.</summary>
    protected static string SideTopic(RankingSpec spec, string name) => Known(name, [.. SideTopics(spec)]);

    /// <summary>All letters of some side topics that are there now.</summary>
    protected static IEnumerable<(string Topic, int Partition, long Offset, byte[] Key, DeadLetter Letter)> Letters(Invocation run, RankingSpec spec, KafkaSettings kafka, IEnumerable<string> topics)
    {
        Dictionary<string, int> partitions = Partitions(spec, kafka);
        foreach (IGrouping<int, string> some in topics.Where(partitions.ContainsKey).GroupBy(t => partitions[t]))
        {
            using var reader = new TopicReader(kafka, "dead", some, some.Key);
            while (!reader.CaughtUp)
            {
                run.Stopping.ThrowIfCancellationRequested();
                if (reader.Read(TimeSpan.FromMilliseconds(200)) is not { Message.Value: { } value } message) continue;
                yield return (kafka.Bare(message.Topic), message.Partition.Value, message.Offset.Value, message.Message.Key, Read(value));
            }
        }
    }

    /// <summary>A letter; what somebody else wrote into the topic is shown as one about itself.</summary>
    static DeadLetter Read(byte[] value)
    {
        try { return DeadLetters.Decode(value); }
        catch (MessageFormatException e) { return new($"no letter: {e.Message}", -1, value); }
    }
}
