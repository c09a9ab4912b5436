using System.CommandLine;
using System.Text;
using Ranking.Cli.Output;
using Ranking.Cli.Parsing;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking topics show</c>: the messages of one topic, decoded, one JSON object a line.</summary>
internal sealed class TopicsShowCommand : TopicsCommand
{
    readonly Argument<string> name = new("NAME") { Description = "Name of the topic without its prefix, such as impressions." };
    readonly Option<int> limit = OptionFactory.Integer("--limit", "How many messages; 0 for all that are there.", 20, 0, int.MaxValue);

    public TopicsShowCommand() : base("show", "Show the messages of a topic, decoded, watermarks too.", "ranking topics show impressions --spec features/kuairand --kafka localhost:9092 --limit 5")
    {
        Add(name);
        Add(limit);
    }

    public override bool Streams => true;

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        string topic = Known(run.Get(name), [.. TopicNames.All(spec).Select(t => t.Name)]);
        using var reader = new TopicReader(kafka, "show", [topic], Existing(spec, kafka, topic));
        FeatureLayout layout = FeatureLayout.Of(spec);
        int left = run.Get(limit) is > 0 and var most ? most : int.MaxValue;
        while (left > 0 && !reader.CaughtUp)
        {
            run.Stopping.ThrowIfCancellationRequested();
            if (reader.Read(TimeSpan.FromMilliseconds(200)) is not { } message) continue;
            run.Terminal.Line(new { topic, partition = message.Partition.Value, offset = message.Offset.Value, key = Encoding.UTF8.GetString(message.Message.Key ?? []), value = TopicMessages.Decode(spec, layout, topic, message.Message.Value) });
            left--;
        }
        return Task.FromResult(0);
    }
}
