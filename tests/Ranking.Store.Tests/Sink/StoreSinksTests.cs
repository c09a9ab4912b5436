using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;
using Ranking.Mbat;
using Ranking.Store.Sink;
using Ranking.Store.Vectors;
using Ranking.Streams.Contracts;
using Ranking.Streams.Embedded;
using Ranking.Streams.Topics;

namespace Ranking.Store.Tests;

/// <summary>Topics of a broker, embedded and real, to rows and vectors.</summary>
public class StoreSinksTests
{
    static RankingSpec Spec(bool documents = true) => new()
    {
        Version = 1,
        Name = "small",
        Sources = new("impressions.sql"),
        Entities = documents ? new() { ["item"] = new() } : [],
        Labels = new() { ["click"] = new("click", TimeSpan.FromMinutes(1)) },
        Features = new() { ["user_id"] = new IdFeatureSpec(new("user")) },
        Groups = new() { ["all"] = new(["user_id"]) },
        Mbat = new(Dimension: 32, Seed: 3),
    };

    static void Write(TopicWriter writer, string id, long time, string? json) =>
        writer.Write("entities.item", Murmur2.Partition(id, 4), Encoding.UTF8.GetBytes(id),
            SourceMessages.Encode(new EntityDocument(time, "item", id, json is null ? null : Encoding.UTF8.GetBytes(json))));

    [Theory]
    [InlineData("embedded", "garnet")]
    [InlineData("embedded", "redis8")]
    [InlineData("real", "redis8")]
    public async Task Documents_and_rows_of_a_broker_reach_Redis_and_deletions_too(string broker, string redis)
    {
        await using Topics topics = await Topics.StartAsync(broker);
        (KafkaSettings kafka, int partitions, RankingSpec spec) = (topics.Kafka, topics.Partitions, topics.Spec);
        await using TestServer server = await TestServer.StartAsync(redis);
        FeaturePlan plan = new(spec);
        using StoreSinks sinks = await StoreSinks.OpenAsync(plan, kafka, partitions, server.Store, NullLoggerFactory.Instance);
        using CancellationTokenSource stop = new();
        Task running = sinks.RunAsync(stop.Token);
        using TopicWriter writer = new(kafka);
        for (int i = 0; i < 500; i++) Write(writer, $"i{i}", i, $$"""{"n":{{i}},"words":["w{{i % 10}}"]}""");
        writer.Write("entities.item", 0, SourceMessages.HeartbeatKey, SourceMessages.Heartbeat(400));
        writer.Write("entities.item", 0, [1], [0xC1]); // no message of ours
        writer.Write(TopicNames.Rows, Murmur2.Partition("i1", 4), RowMessages.Key("item", "i1"), RowMessages.Encode([1, 2, 3]));
        writer.Flush();
        VectorStore vectors = new(server.Store, "item", plan.Mbat.Hash(), 32);
        Task drained = sinks.DrainAsync(TestContext.Current.CancellationToken);
        await await Task.WhenAny(running, drained.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.True(drained.IsCompletedSuccessfully);
        // Drained is what its name says: nothing is on its way any more.
        Assert.Equal(500, await vectors.CountAsync());
        Assert.True(await server.Store.Database.KeyExistsAsync(server.Store.Keys.Row("item", "i1")));
        float[] right = new MbatEncoder(plan.Mbat).Encode("""{"n":7,"words":["w7"]}""");
        Assert.Equal(right, (await vectors.VectorAsync("i7"))!, (a, b) => Math.Abs(a - b) < 1e-5f);
        Write(writer, "i7", 1_000, null);
        writer.Flush();
        await Waiting.UntilAsync(async () => await vectors.VectorAsync("i7") is null, "the deletion");
        writer.Write(TopicNames.Rows, Murmur2.Partition("i8", 4), RowMessages.Key("item", "i8"), null, RowMessages.Gone(2_000)); // expired
        writer.Flush();
        await Waiting.UntilAsync(async () => await vectors.VectorAsync("i8") is null, "the expiry");
        await stop.CancelAsync();
        await running;
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("real")]
    public async Task Members_share_the_partitions_and_take_each_others_over(string broker)
    {
        await using Topics topics = await Topics.StartAsync(broker);
        (KafkaSettings kafka, int partitions, RankingSpec spec) = (topics.Kafka, topics.Partitions, topics.Spec);
        await using TestServer server = await TestServer.StartAsync("garnet");
        FeaturePlan plan = new(spec);
        IReadOnlyList<int> left = [0, 1], right = [2, 3];
        using StoreSinks a = await StoreSinks.OpenAsync(plan, kafka, partitions, server.Store, NullLoggerFactory.Instance, () => Volatile.Read(ref left));
        using StoreSinks b = await StoreSinks.OpenAsync(plan, kafka, partitions, server.Store, NullLoggerFactory.Instance, () => Volatile.Read(ref right));
        using CancellationTokenSource stop = new();
        Task running = Task.WhenAll(a.RunAsync(stop.Token), b.RunAsync(stop.Token));
        using TopicWriter writer = new(kafka);
        VectorStore vectors = new(server.Store, "item", plan.Mbat.Hash(), 32);
        async Task WriteAsync(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                Write(writer, $"i{i}", 1_000 + i, $$"""{"n":{{i}}}""");
                writer.Write(TopicNames.Rows, Murmur2.Partition($"i{i}", 4), RowMessages.Key("item", $"i{i}"), RowMessages.Encode([1]));
            }
            writer.Flush();
            await Waiting.UntilAsync(async () => running.IsCompleted || await vectors.CountAsync() == to, $"{to} vectors");
            if (running.IsCompleted) await running;
            await Waiting.UntilAsync(async () => await server.Store.Database.KeyExistsAsync(server.Store.Keys.Row("item", $"i{to - 1}")), "the last row");
            await Task.WhenAll(a.DrainAsync(default), b.DrainAsync(default)).WaitAsync(TimeSpan.FromSeconds(30)); // counters move after the writes
        }
        await WriteAsync(0, 200);
        Assert.Equal(200, a.Documents!.Own.Written + b.Documents!.Own.Written);
        Assert.Equal(200, a.Rows.Written + b.Rows.Written);
        Assert.Equal(0, a.Documents.Own.Conflicts + b.Documents.Own.Conflicts + a.Rows.Conflicts + b.Rows.Conflicts);
        Volatile.Write(ref right, []);
        Volatile.Write(ref left, [0, 1, 2, 3]);
        await WriteAsync(200, 400);
        Volatile.Write(ref left, [0]);
        Volatile.Write(ref right, [1, 2, 3]);
        // A member that has not noticed yet may still write for the other, without harm; from here on it does not.
        await Waiting.UntilAsync(() => a.Documents.Own.AppliedThrough(1) < 0 && a.Rows.AppliedThrough(1) < 0 && b.Documents.Own.AppliedThrough(3) >= 0 && b.Rows.AppliedThrough(3) >= 0, "the partitions to move");
        (long writtenByA, long writtenByB) = (a.Documents.Own.Written, b.Documents.Own.Written);
        await WriteAsync(400, 600);
        Assert.Equal(200, a.Documents.Own.Written - writtenByA + b.Documents.Own.Written - writtenByB);
        Assert.True(b.Documents.Own.Written - writtenByB > a.Documents.Own.Written - writtenByA);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Without_vector_sets_only_rows_are_carried_and_one_line_says_so()
    {
        await using TestServer server = await TestServer.StartAsync("redis7");
        using EmbeddedKafka kafka = EmbeddedKafka.Start();
        using Lines lines = new();
        using ILoggerFactory logs = LoggerFactory.Create(l => l.AddProvider(lines));
        using StoreSinks sinks = await StoreSinks.OpenAsync(new(Spec()), kafka.Settings("small"), 4, server.Store, logs);
        Assert.Null(sinks.Documents);
        Assert.Contains("no vector sets", Assert.Single(lines.All), StringComparison.Ordinal);
        using StoreSinks other = await StoreSinks.OpenAsync(new(Spec(documents: false)), kafka.Settings("other"), 4, server.Store, logs);
        Assert.Single(lines.All);
    }

    /// <summary>The problem's topics on a broker, gone afterwards.</summary>
    sealed class Topics(RankingSpec spec, EmbeddedKafka? embedded, KafkaSettings kafka, int partitions) : IAsyncDisposable
    {
        public RankingSpec Spec => spec;

        public KafkaSettings Kafka => kafka;

        public int Partitions => partitions;

        public static async Task<Topics> StartAsync(string broker)
        {
            string? address = broker == "real" ? Environment.GetEnvironmentVariable("RANKING_TEST_KAFKA") : null;
            Assert.SkipWhen(broker == "real" && address is null, "RANKING_TEST_KAFKA names no broker");
            EmbeddedKafka? embedded = address is null ? EmbeddedKafka.Start() : null;
            RankingSpec spec = StoreSinksTests.Spec();
            KafkaSettings kafka = embedded?.Settings("small") ?? new(address!, $"test-{Guid.NewGuid():N}");
            return new(spec, embedded, kafka, await ProblemTopics.EnsureAsync(kafka, spec, 4));
        }

        public async ValueTask DisposeAsync()
        {
            if (embedded is null) await ProblemTopics.DeleteAsync(kafka);
            embedded?.Dispose();
        }
    }

    sealed class Lines : ILoggerProvider, ILogger
    {
        public List<string> All { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Add(formatter(state, exception));

        public void Dispose() { }
    }
}
