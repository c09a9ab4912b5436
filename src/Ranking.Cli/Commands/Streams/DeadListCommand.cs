using System.Globalization;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;
using Spectre.Console;

namespace Ranking.Cli.Commands;

/// <summary><c>ranking dead list</c>: how many dead and late letters each source topic has, by reason.</summary>
internal sealed class DeadListCommand : DeadCommand
{
    public DeadListCommand() : base("list", "Count dead and late letters by topic and reason.", "ranking dead list --spec features/kuairand --kafka localhost:9092") { }

    public override Task<int> RunAsync(Invocation run)
    {
        (RankingSpec spec, KafkaSettings kafka) = Problem(run);
        var counts = Letters(run, spec, kafka, SideTopics(spec)).GroupBy(l => (l.Topic, l.Letter.Reason)).Select(g => new { topic = g.Key.Topic, reason = g.Key.Reason, count = g.Count() }).OrderBy(c => c.topic, StringComparer.Ordinal).ToArray();
        run.Terminal.Result(new { letters = counts }, console =>
        {
            Table table = new Table().Border(TableBorder.None).AddColumns("topic", "letters", "reason");
            foreach (var c in counts) table.AddRow(Markup.Escape(c.topic), c.count.ToString(CultureInfo.InvariantCulture), Markup.Escape(c.reason));
            console.Write(table);
        });
        return Task.FromResult(0);
    }
}
