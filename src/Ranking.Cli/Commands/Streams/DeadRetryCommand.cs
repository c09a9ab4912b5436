using System.CommandLine;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Ranking.Cli.Parsing;
using Ranking.Features.Errors;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking dead retry</c>: writes the message of one letter to its source topic again, into the right partition.</summary>
internal sealed class DeadRetryCommand : DeadCommand
{
    readonly Option<string> topic = OptionFactory.Required("--topic", "The side topic, such as impressions.dead.", "NAME"), at = OptionFactory.Required("--at", "Which letter, as show prints it.", "PARTITION:OFFSET");

    public DeadRetryCommand() : base("retry", "Write the message of a dead letter to its source topic again.", "ranking dead retry --spec features/kuairand --kafka localhost:9092 --topic impressions.dead --at 0:12")
    {
        Add(topic);
        Add(at);
    }

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        string side = SideTopic(spec, run.Get(topic)), source = side[..side.LastIndexOf('.')];
        string[] parts = run.Get(at).Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int partition) || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
            throw new RankingException(ErrorCodes.WrongUsage, $"--at: {Usage.Quote(run.Get(at))} is not PARTITION:OFFSET");
        int partitions = Existing(spec, kafka, source);
        if (partition >= partitions) throw new RankingException(ErrorCodes.WrongUsage, $"--at: {side} has {partitions} partitions");
        (byte[] key, byte[] value) = LetterAt(run, kafka, side, partitions, partition, offset);
        int target = Murmur2.Partition(Encoding.UTF8.GetString(key), partitions);
        using (var writer = new TopicWriter(kafka))
        {
            writer.Write(source, target, key, DeadLetters.Decode(value).Value);
            writer.Flush(run.Stopping);
        }
        run.Terminal.Result(new { topic = source, partition = target, key = Encoding.UTF8.GetString(key) }, console => console.WriteLine($"written to {kafka.Topic(source)}, partition {target}"));
        return Task.FromResult(0);
    }

    static (byte[] Key, byte[] Value) LetterAt(Invocation run, KafkaSettings kafka, string side, int partitions, int partition, long offset)
    {
        using var reader = new TopicReader(kafka, "retry", [side], partitions, (_, p) => p == partition ? new Offset(offset) : Offset.End);
        (long begin, long end) = reader.Bounds(side, partition);
        while (offset >= begin && offset < end && !reader.CaughtUp)
        {
            run.Stopping.ThrowIfCancellationRequested();
            if (reader.Read(TimeSpan.FromMilliseconds(200)) is not { } message || message.Partition.Value != partition) continue;
            if (message.Offset.Value == offset && message.Message is { Value: { } value, Key: { } key }) return (key, value);
            break;
        }
        throw new RankingException(ErrorCodes.TopicUnknown, $"{side} holds no letter at {partition}:{offset}; {(end > begin ? $"its offsets go from {begin} to {end - 1}" : "it is empty")}");
    }
}
