using System.CommandLine;
using System.Text;
using Ranking.Cli.Output;
using Ranking.Cli.Parsing;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking dead show</c>: dead and late letters with their messages, one JSON object a line.</summary>
internal sealed class DeadShowCommand : DeadCommand
{
    readonly Option<string?> topic = OptionFactory.Text("--topic", "One side topic, such as impressions.dead; all by default.", "NAME");
    readonly Option<int> limit = OptionFactory.Integer("--limit", "How many; 0 for all.", 20, 0, int.MaxValue);

    public DeadShowCommand() : base("show", "Show dead and late letters with their reasons and messages.", "ranking dead show --spec features/kuairand --kafka localhost:9092 --topic impressions.dead")
    {
        Add(topic);
        Add(limit);
    }

    public override bool Streams => true;

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        int most = run.Get(limit) is > 0 and var given ? given : int.MaxValue;
        IEnumerable<string> topics = run.Get(topic) is { } one ? [SideTopic(spec, one)] : SideTopics(spec);
        foreach (var (name, partition, offset, key, letter) in Letters(run, spec, kafka, topics).Take(most))
            run.Terminal.Line(new { topic = name, partition, offset, key = Encoding.UTF8.GetString(key), letter = TopicMessages.Letter(spec, name, letter) });
        return Task.FromResult(0);
    }
}
