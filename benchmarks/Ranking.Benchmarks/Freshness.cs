using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;
using Ranking.Mbat;
using Ranking.Store;
using Ranking.Store.Embedded;
using Ranking.Store.Sink;
using Ranking.Store.Vectors;
using Ranking.Streams.Contracts;
using Ranking.Streams.Embedded;
using Ranking.Streams.Topics;

namespace Ranking.Benchmarks;

/// <summary>
/// How long after its event a document is found by a search, and one that was deleted is found no more: five thousand are in the set, others
/// come one after another through a broker and the sinks. <c>freshness [REDIS [KAFKA]]</c>, host:port each; the embedded servers by default, and for <c>-</c>.
/// </summary>
internal static class Freshness
{
    const int Before = 5_000, Measured = 200, Dimension = 256;

    public static async Task RunAsync(string? redis, string? broker)
    {
        RankingSpec spec = new()
        {
            Version = 1,
            Name = "freshness",
            Sources = new("impressions.sql"),
            Entities = new() { ["item"] = new() },
            Labels = new() { ["click"] = new("click", TimeSpan.FromMinutes(1)) },
            Features = new() { ["user_id"] = new IdFeatureSpec(new("user")) },
            Groups = new() { ["all"] = new(["user_id"]) },
            Mbat = new(Dimension: Dimension),
        };
        string name = $"freshness-{Environment.ProcessId}";
        using EmbeddedKafka? ownBroker = broker is null ? EmbeddedKafka.Start() : null;
        using EmbeddedRedis? ownRedis = redis is null ? EmbeddedRedis.Start(new()) : null;
        KafkaSettings kafka = ownBroker?.Settings(name) ?? new(broker!, name);
        int partitions = await ProblemTopics.EnsureAsync(kafka, spec, 4);
        await using StoreConnection store = await StoreConnection.ConnectAsync(new() { Address = redis ?? ownRedis!.Address, Namespace = name });
        FeaturePlan plan = new(spec);
        using StoreSinks sinks = await StoreSinks.OpenAsync(plan, kafka, partitions, store, NullLoggerFactory.Instance);
        using CancellationTokenSource stop = new();
        Task running = sinks.RunAsync(stop.Token);
        MbatEncoder encoder = new(plan.Mbat);
        CurrentVectors vectors = new(store, "item", encoder);
        using TopicWriter writer = new(kafka);
        void Write(string id, string? json)
        {
            writer.Write("entities.item", Murmur2.Partition(id, partitions), Encoding.UTF8.GetBytes(id),
                SourceMessages.Encode(new EntityDocument(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), "item", id, json is null ? null : Encoding.UTF8.GetBytes(json))));
            writer.Flush();
        }
        string Json(int i) => string.Create(CultureInfo.InvariantCulture, $$"""{"author":"a{{i % 97}}","tags":["t{{i % 31}}","t{{i % 7}}"],"seconds":{{i % 300}},"n":"{{i}}"}""");
        for (int i = 0; i < Before; i++)
            writer.Write("entities.item", Murmur2.Partition($"v{i}", partitions), Encoding.UTF8.GetBytes($"v{i}"), SourceMessages.Encode(new EntityDocument(1, "item", $"v{i}", Encoding.UTF8.GetBytes(Json(i)))));
        writer.Flush();
        await sinks.DrainAsync(CancellationToken.None);
        List<double> found = [], gone = [];
        for (int i = 0; i < Measured; i++)
        {
            string id = $"new{i}", json = Json(Before + i);
            float[] query = encoder.Encode(json);
            async Task<double> UntilAsync(bool there, Stopwatch clock)
            {
                while ((await vectors.SearchAsync((search, _) => search.NearestAsync(query, 10))).Contains(id) != there) await Task.Delay(2);
                return clock.Elapsed.TotalMilliseconds;
            }
            Stopwatch clock = Stopwatch.StartNew();
            Write(id, json);
            found.Add(await UntilAsync(there: true, clock));
            clock.Restart();
            Write(id, null);
            gone.Add(await UntilAsync(there: false, clock));
            await Task.Delay(20);
        }
        Print("a new document is found", found);
        Print("a deleted one is found no more", gone);
        await stop.CancelAsync();
        await running;
        await foreach (StackExchange.Redis.RedisKey key in store.ScanAsync(store.Keys.AllPattern)) await store.Database.KeyDeleteAsync(key);
        if (broker is not null) await ProblemTopics.DeleteAsync(kafka);
    }

    static void Print(string what, List<double> times)
    {
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {times[times.Count / 2]:F0} | {times[times.Count * 99 / 100]:F0} | {times[^1]:F0} |"));
    }
}
