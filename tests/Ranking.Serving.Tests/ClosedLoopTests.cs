using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Client;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Store;
using Ranking.Store.Sink;
using Ranking.Streams.Embedded;
using Ranking.Streams.Examples;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Replay;
using Ranking.Streams.Topics;

namespace Ranking.Serving.Tests;

/// <summary>Events to rows, rows to an answer, the answer's record and its impressions to examples: the whole loop over a broker and Redis.</summary>
[Collection("one after another, since tests count tensors and commands of the whole process")]
public sealed class ClosedLoopTests
{
    [Theory]
    [InlineData("embedded", "embedded")]
    [InlineData("real", "REDIS7")]
    [InlineData("real", "REDIS8")]
    public async Task What_was_served_is_what_is_learned_and_equals_what_the_pipeline_computes(string broker, string redis)
    {
        string? address = Named(broker == "real", "RANKING_TEST_KAFKA"), server = Named(redis != "embedded", $"RANKING_TEST_{redis}");
        using EmbeddedKafka? embedded = address is null ? EmbeddedKafka.Start() : null;
        KafkaSettings kafka = embedded?.Settings("small") ?? new(address!, $"test-{Guid.NewGuid():N}"[..18]);
        string state = Directory.CreateTempSubdirectory("ranking-loop-").FullName;
        await using TestRanker ranker = await TestRanker.StartAsync(server: server, kafka: kafka);
        int partitions = await ProblemTopics.EnsureAsync(kafka, ranker.Spec, 4);
        var plan = new FeaturePlan(ranker.Spec);
        try
        {
            using var stop = new CancellationTokenSource();
            using var member = new PipelineMember(new(plan), kafka, partitions, NullLogger.Instance, new() { StateFolder = state });
            await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = ranker.RedisAddress!, Namespace = ranker.Namespace, CommandTimeout = TimeSpan.FromSeconds(20) });
            using StoreSinks sinks = await StoreSinks.OpenAsync(plan, kafka, partitions, store, NullLoggerFactory.Instance, embedded is null ? () => member.Status.Held : null);
            Task sink = sinks.RunAsync(stop.Token), pipeline = Task.Run(() => member.Run(null, stop.Token));
            using var reader = new ExampleTopicReader(kafka, "test", plan.Layout, partitions);
            History history = Enumerable.Range(0, 1000).Select(seed => new History(seed)).First(h => h.Log.Count > 60);

            using (var replay = new TopicReplay(plan, kafka, partitions))
            {
                foreach (SourceEvent e in history.Log.Where(e => e.TimeMs < History.TimeMs)) replay.Write(e);
                replay.Heartbeat(History.TimeMs); // all that the cut needs is below the watermark now
                replay.Flush();
            }
            await TestRanker.EventuallyAsync(() => Running(member.Status.CaughtUp && member.Status.WatermarkMs == History.TimeMs - 5_000));
            await Task.WhenAny(sink, sinks.DrainAsync(CancellationToken.None));
            RankAnswer answer = await ranker.Client.RankAsync(history.Request);
            Assert.Empty(answer.DegradedReasons);
            Served[] served = await ranker.ServedAsync(kafka, partitions, 6);

            using (var replay = new TopicReplay(plan, kafka, partitions))
            {
                foreach (Impression shown in history.Shown) replay.Write(shown);
                replay.Close();
            }
            var learned = new List<Example>();
            await TestRanker.EventuallyAsync(async () =>
            {
                while (reader.Take(TimeSpan.FromMilliseconds(100)) is { } example) learned.Add(example);
                return learned.Count(e => e.TimeMs == History.TimeMs) == 6 && await Running(member.Status.CaughtUp);
            });
            Example[] expected = [.. History.Run(ranker.Spec, [.. history.Log.Where(e => e.TimeMs < History.TimeMs), .. history.Shown]).Examples.Select(e => e.TimeMs == History.TimeMs ? e with { Source = ExampleSource.Served } : e)];
            Assert.Equal(expected, learned);
            Assert.Equal(served.Select(s => s.Item).Order(), learned.Where(e => e.Source == ExampleSource.Served).Select(e => e.Item).Order());
            Assert.Equal((6, 0), (member.Status.Served, member.Status.StalerRows));
            Assert.True(member.Status.ServedRows >= 18, $"{member.Status.ServedRows} rows"); // user, item and author of each
            Assert.Equal(0, member.Status.Late + member.Status.Dead);
            await stop.CancelAsync();
            await Task.WhenAll(sink, pipeline);

            async Task<bool> Running(bool condition)
            {
                if (sink.IsCompleted) await sink;
                if (pipeline.IsCompleted) await pipeline;
                return condition;
            }
        }
        finally
        {
            Directory.Delete(state, recursive: true);
            if (embedded is null) await ProblemTopics.DeleteAsync(kafka);
        }
    }

    static string? Named(bool wanted, string variable)
    {
        string? address = wanted ? Environment.GetEnvironmentVariable(variable) : null;
        Assert.SkipWhen(wanted && string.IsNullOrEmpty(address), $"{variable} names no server");
        return address;
    }
}
