using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Joining;
using Ranking.Features.Tests.Joining;
using Ranking.Streams.Contracts;
using Ranking.Streams.Embedded;
using Ranking.Streams.Examples;
using Ranking.Streams.Pipeline;
using Ranking.Streams.Replay;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Pipeline;

public class EmbeddedPipelineTests
{
    static readonly FeatureBuilder Builder = new(new FeaturePlan(SmallProblem.Spec));

    [Fact]
    public async Task The_stream_gives_the_examples_and_rows_of_the_files()
    {
        SourceEvent[] log = [.. Log(20_000)];
        var expected = new Collected();
        var local = new LocalPipeline(Builder, 1, expected);
        foreach (SourceEvent e in log) local.AddInOrder(e);
        local.Close();
        local.FlushRows();

        using EmbeddedKafka broker = EmbeddedKafka.Start();
        KafkaSettings kafka = broker.Settings("small");
        int partitions = await TopicNames.EnsureAsync(kafka, SmallProblem.Spec);
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
        var got = new List<Example>();
        var rows = new Dictionary<string, string>();
        while (!pipeline.IsCompleted || got.Count < expected.Examples.Count)
        {
            if (examples.Take(TimeSpan.FromMilliseconds(1)) is { } example) got.Add(example);
            else if (pipeline.IsCompleted) break;
            while (rowsReader.Read(TimeSpan.Zero) is { } row) Keep(row.Message.Key, row.Message.Value);
        }
        await replay;
        await pipeline;
        while (!rowsReader.CaughtUp) if (rowsReader.Read(TimeSpan.FromMilliseconds(100)) is { } row) Keep(row.Message.Key, row.Message.Value);

        Assert.Equal(expected.Examples.Count, got.Count);
        Assert.Equal(expected.Examples, got);
        Assert.Equal(expected.Rows.OrderBy(r => r.Key, StringComparer.Ordinal), rows.OrderBy(r => r.Key, StringComparer.Ordinal));
        Assert.Equal(0, member.Status.Late + member.Status.Dead);

        void Keep(byte[] key, byte[]? value)
        {
            string name = Encoding.UTF8.GetString(key);
            if (value is null) rows.Remove(name);
            else rows[name] = Convert.ToHexString(RowMessages.Decode(value));
        }
    }

    /// <summary>A seeded log in order: shows, clicks and buys that follow, documents, ties.</summary>
    static IEnumerable<SourceEvent> Log(int events)
    {
        var random = new Random(7);
        var log = new List<SourceEvent>(events);
        for (int i = 0; i < events; i++)
        {
            long time = 1_600_000_000_000 + random.Next(20_000_000) / 100 * 100;
            string user = $"ü{random.Next(300)}", item = $"item-{random.Next(100)}", request = $"r{i}";
            switch (random.Next(10))
            {
                case 0: log.Add(new EntityDocument(time, "user", user, Encoding.UTF8.GetBytes($$"""{"age":{{random.Next(90)}}}"""))); break;
                case 1: log.Add(new EntityDocument(time, "item", item, random.Next(8) == 0 ? null : Encoding.UTF8.GetBytes($$"""{"genre":["g{{random.Next(9)}}"]}"""))); break;
                default:
                    log.Add(new Impression(time, request, user, item, random.Next(10), [FieldValue.Of($"t{random.Next(3)}"), FieldValue.Of($"a{random.Next(40)}")]));
                    if (random.Next(2) == 0) log.Add(new Feedback(time + random.Next(70_000), request, user, item, "click"));
                    if (random.Next(9) == 0) log.Add(new Feedback(time + random.Next(70_000), null, user, item, "buy", random.Next(5) * Feedback.One));
                    break;
            }
        }
        log.Sort((a, b) => SourceEvent.Compare(a, b) is var c && c != 0 ? c : a.CompareContent(b));
        return log;
    }

    sealed class Collected : ILocalOutput
    {
        public List<Example> Examples { get; } = [];

        public Dictionary<string, string> Rows { get; } = [];

        public void Emit(Example example) => Examples.Add(example);

        public void EmitRow(OwnerPlan owner, string id, ReadOnlySpan<byte> row, bool deleted)
        {
            if (deleted) Rows.Remove($"{owner.Kind}:{id}");
            else Rows[$"{owner.Kind}:{id}"] = Convert.ToHexString(row);
        }

        public void Reject(SourceEvent sourceEvent, Rejection why, string detail) { }
    }
}
