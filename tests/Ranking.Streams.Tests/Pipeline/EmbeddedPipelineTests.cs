using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Streams.Embedded;
using Ranking.Streams.Examples;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Replay;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Pipeline;

public class EmbeddedPipelineTests
{
    static readonly FeatureBuilder Builder = Outcome.Builder;

    [Fact]
    public async Task The_stream_gives_the_examples_and_rows_of_the_files()
    {
        SourceEvent[] log = [.. SmallLog.Events(20_000)];
        Outcome expected = Outcome.Of(log);

        using EmbeddedKafka broker = EmbeddedKafka.Start();
        KafkaSettings kafka = broker.Settings("small");
        int partitions = await ProblemTopics.EnsureAsync(kafka, Builder.Plan.Spec);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var examples = new ExampleTopicReader(kafka, "test", Builder.Plan.Layout, partitions);
        using var rowsReader = new TopicReader(kafka, "test-rows", [TopicNames.Rows], partitions);
        using var member = new PipelineMember(Builder, kafka, partitions, NullLogger.Instance);
        Task pipeline = Task.Run(() => member.Run(TimeSpan.FromSeconds(1), stop.Token));
        Task replay = Task.Run(() =>
        {
            using var to = new TopicReplay(Builder.Plan, kafka, partitions, stop.Token);
            foreach (SourceEvent e in log) to.Write(e);
            to.Close();
        });
        var got = new Outcome();
        while (!pipeline.IsCompleted || got.Examples.Count < expected.Examples.Count)
        {
            if (examples.Take(TimeSpan.FromMilliseconds(1)) is { } example) got.Examples.Add(example);
            else if (pipeline.IsCompleted) break;
            while (rowsReader.Read(TimeSpan.Zero) is { } row) got.Keep(row.Message.Key, row.Message.Value);
        }
        await replay;
        await pipeline;
        while (!rowsReader.CaughtUp) if (rowsReader.Read(TimeSpan.FromMilliseconds(100)) is { } row) got.Keep(row.Message.Key, row.Message.Value);

        expected.MustEqual(got);
        Assert.Equal(0, member.Status.Late + member.Status.Dead);
    }
}
