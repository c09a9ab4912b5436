using Ranking.Client;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Models;
using Ranking.Streams.Embedded;
using Ranking.Streams.Topics;

namespace Ranking.Serving.Tests;

/// <summary>The same request down both sides: what the ranker scores with and what the pipeline makes of its impressions.</summary>
[Collection("one after another, since tests count tensors and commands of the whole process")]
public sealed class SkewTests
{
    const int Histories = 40;

    [Fact]
    public async Task The_ranker_and_the_pipeline_have_the_same_features_bit_for_bit_and_the_same_scores()
    {
        using EmbeddedKafka broker = EmbeddedKafka.Start();
        KafkaSettings kafka = broker.Settings("small");
        await using TestRanker ranker = await TestRanker.StartAsync(kafka: kafka);
        var layout = FeatureLayout.Of(ranker.Spec);
        History[] histories = [.. Enumerable.Range(0, Histories).Select(seed => new History(seed))];
        await ranker.WriteRowsAsync(histories.SelectMany(h => History.Run(ranker.Spec, h.Log).Rows));
        var answers = new List<RankAnswer>();
        foreach (History history in histories)
        {
            RankAnswer answer = await ranker.Client.RankAsync(history.Request);
            Assert.Empty(answer.DegradedReasons);
            answers.Add(answer);
        }
        Served[] served = await ranker.ServedAsync(kafka, EmbeddedKafka.Partitions, histories.Length * 6);
        Assert.Equal(histories.SelectMany(h => h.Shown).Select(i => (i.RequestId, i.Item)).Order(), served.Select(s => (s.RequestId, s.Item)).Order());

        using IScoringModel model = Training.VersionModel.Load(ranker.Registry.Open(ranker.Spec.Name));
        foreach ((History history, RankAnswer answer) in histories.Zip(answers))
        {
            Served[] own = [.. served.Where(s => s.User == history.User)];
            Example[] backfilled = [.. History.Run(ranker.Spec, [.. history.Log, .. history.Shown]).Examples.Where(e => e.TimeMs == History.TimeMs)];
            Example[] learned = [.. History.Run(ranker.Spec, [.. history.Log, .. history.Shown, .. own]).Examples.Where(e => e.TimeMs == History.TimeMs)];
            Assert.Equal(own.Length, backfilled.Length);
            foreach (Example example in backfilled)
            {
                Served record = own.Single(s => s.Item == example.Item);
                FeatureVector scored = FeatureVector.Read(record.Features, layout);
                // Without what was served: the rows were no staler than the delay.
                Assert.Equal(ExampleSource.Backfilled, example.Source);
                Assert.True(example.Features.Equals(scored), $"{example.Item}: {string.Join(", ", layout.Columns.Where(c => !scored.SameColumn(example.Features, c)).Select(c => c.Feature))}");
                Example same = learned.Single(e => e.Item == example.Item);
                Assert.Equal(example with { Source = ExampleSource.Served }, same);
                RankedItem ranked = answer.Ranked.Single(r => r.Id == example.Item);
                float[] scores = model.Score([example.Features]);
                Assert.Equal(scores[0], ranked.Scores["click"], 1e-5);
                Assert.Equal(scores[1], ranked.Scores["long_view"], 1e-5);
                Assert.Equal((answer.Model, ranker.Spec.FeatureHash, answer.Ranked.ToList().IndexOf(ranked)), (record.Model, record.FeatureHash, record.Place));
                Assert.Empty(record.Degraded);
            }
        }
    }

    [Fact]
    public async Task Staler_rows_make_other_features_which_the_example_has_and_which_are_counted()
    {
        using EmbeddedKafka broker = EmbeddedKafka.Start();
        KafkaSettings kafka = broker.Settings("small");
        await using TestRanker ranker = await TestRanker.StartAsync(kafka: kafka);
        History history = Enumerable.Range(0, 1000).Select(seed => new History(seed)).First(h => h.Log.Count > 60);
        // The sink is half an hour behind.
        await ranker.WriteRowsAsync(History.Run(ranker.Spec, history.Log.Where(e => e.TimeMs < History.TimeMs - 1_800_000)).Rows);
        await ranker.Client.RankAsync(history.Request);
        Served[] served = await ranker.ServedAsync(kafka, EmbeddedKafka.Partitions, 6);
        Example[] backfilled = [.. History.Run(ranker.Spec, [.. history.Log, .. history.Shown]).Examples.Where(e => e.TimeMs == History.TimeMs)];
        History.Made learned = History.Run(ranker.Spec, [.. history.Log, .. history.Shown, .. served]);
        Example[] examples = [.. learned.Examples.Where(e => e.TimeMs == History.TimeMs)];
        Assert.All(examples, e => Assert.Equal(FeatureVector.Read(served.Single(s => s.Item == e.Item).Features, FeatureLayout.Of(ranker.Spec)), e.Features));
        Assert.All(examples, e => Assert.Equal(ExampleSource.Served, e.Source));
        Assert.Contains(examples.Zip(backfilled), pair => !pair.First.Features.Equals(pair.Second.Features));
    }

    [Fact]
    public async Task Of_a_long_list_the_answered_items_and_some_others_are_noted_and_what_was_lacking()
    {
        using EmbeddedKafka broker = EmbeddedKafka.Start();
        KafkaSettings kafka = broker.Settings("small");
        await using TestRanker ranker = await TestRanker.StartAsync(redis: false, kafka: kafka);
        RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request(500) with { Limit = 10 });
        Assert.True(answer.Degraded);
        Served[] served = await ranker.ServedAsync(kafka, EmbeddedKafka.Partitions, 11);
        Assert.Equal(answer.Ranked.Select((r, place) => (r.Id, (int?)place)), served.Where(s => s.Place is not null).OrderBy(s => s.Place).Select(s => (s.Item, s.Place)));
        Assert.All(served, s => Assert.Equal(answer.DegradedReasons, s.Degraded));
        // One of 64: 490 of them leave about eight.
        Assert.InRange(served.Count(s => s.Place is null), 1, 40);
    }

    [Fact]
    public async Task A_broker_that_is_away_costs_no_answer_and_one_line()
    {
        await using TestRanker ranker = await TestRanker.StartAsync(kafka: new("127.0.0.1:1", "small"));
        for (int i = 0; i < 1100; i++)
        {
            RankAnswer answer = await ranker.Client.RankAsync(TestRanker.Request(2));
            Assert.False(answer.Degraded);
        }
        await TestRanker.EventuallyAsync(async () => (await ranker.MetricsAsync()).Contains("result=\"dropped\"", StringComparison.Ordinal));
        await TestRanker.EventuallyAsync(() => Task.FromResult(ranker.Log.All.Count(l => l.Contains("cannot be written to Kafka", StringComparison.Ordinal)) == 1));
    }
}
