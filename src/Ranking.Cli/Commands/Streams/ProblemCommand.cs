using System.CommandLine;
using Ranking.Cli.Parsing;
using Ranking.Features.Spec;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Commands;

/// <summary>A command about one problem's topics: its spec, and the broker.</summary>
internal abstract class ProblemCommand : RankingCommand
{
    readonly Option<string?> kafka = KafkaAddress.Option(), kafkaConfig = KafkaAddress.ConfigOption();

    protected ProblemCommand(string name, string description, string example) : base(name, description, example)
    {
        kafka.Required = true;
        foreach (Option option in (Option[])[SpecFolder, kafka, kafkaConfig]) Add(option);
    }

    /// <summary>Folder of the spec.</summary>
    protected Option<string> SpecFolder { get; } = SpecOptions.Spec();

    /// <summary>The spec and where its topics lie.</summary>
    protected (RankingSpec Spec, KafkaSettings Kafka) Problem(Invocation run)
    {
        RankingSpec problem = SpecOptions.Read(run.Get(SpecFolder));
        return (problem, SpecOptions.Kafka(run, run.Get(kafka)!, run.Get(kafkaConfig), problem));
    }
}
