using Ranking.Features.Spec;
using Ranking.Store;
using Ranking.Store.Embedded;
using Ranking.Store.Upkeep;
using Ranking.Store.Vectors;
using Ranking.Streams.Embedded;
using Ranking.Streams.Topics;
using StackExchange.Redis;

namespace Ranking.Cli.Quickstart;

/// <summary>Kafka and Redis of a quickstart, embedded or real, and a fresh namespace on them that is gone afterwards.</summary>
internal sealed class QuickstartServers : IAsyncDisposable
{
    readonly RankingSpec spec;
    readonly EmbeddedKafka? embeddedKafka;
    readonly EmbeddedRedis? embeddedRedis;
    readonly QuickstartTraces traces;
    readonly QuickstartTrace trace;

    QuickstartServers(RankingSpec spec, QuickstartTraces traces, QuickstartTrace trace, EmbeddedKafka? embeddedKafka, EmbeddedRedis? embeddedRedis, KafkaSettings kafka, int partitions, StoreConnection store)
    {
        (this.spec, this.traces, this.trace, this.embeddedKafka, this.embeddedRedis) = (spec, traces, trace, embeddedKafka, embeddedRedis);
        (Kafka, Partitions, Store) = (kafka, partitions, store);
    }

    /// <summary>The topics.</summary>
    public KafkaSettings Kafka { get; }

    /// <summary>Partitions of each topic.</summary>
    public int Partitions { get; }

    /// <summary>The keys.</summary>
    public StoreConnection Store { get; }

    /// <summary>Starts what was not named, removes what dead runs left on what was, and makes the topics.</summary>
    /// <param name="spec">The problem.</param>
    /// <param name="nameSpace">Of topics and keys.</param>
    /// <param name="kafka">A real cluster, in whatever namespace; null for the embedded broker.</param>
    /// <param name="redis">A real server, likewise.</param>
    /// <param name="traces">Where it is noted what lies on real servers.</param>
    public static async Task<QuickstartServers> StartAsync(RankingSpec spec, string nameSpace, KafkaSettings? kafka, StoreOptions? redis, QuickstartTraces traces)
    {
        await RemoveAsync(traces, kafka, redis);
        var trace = new QuickstartTrace(nameSpace, kafka?.BootstrapServers, redis?.Address);
        if (trace is not { Kafka: null, Redis: null }) traces.Add(trace);
        EmbeddedKafka? embeddedKafka = kafka is null ? EmbeddedKafka.Start() : null;
        EmbeddedRedis? embeddedRedis = redis is null ? EmbeddedRedis.Start() : null;
        try
        {
            kafka = embeddedKafka?.Settings(nameSpace) ?? kafka! with { Namespace = nameSpace };
            int partitions = await ProblemTopics.EnsureAsync(kafka, spec);
            StoreConnection store = await StoreConnection.ConnectAsync((redis ?? new() { Address = embeddedRedis!.Address, Namespace = nameSpace }) with { Namespace = nameSpace });
            return new(spec, traces, trace, embeddedKafka, embeddedRedis, kafka, partitions, store);
        }
        catch
        {
            embeddedRedis?.Dispose();
            embeddedKafka?.Dispose();
            throw;
        }
    }

    /// <summary>Removes what a dead run left on these servers; what it left on others stays noted.</summary>
    static async Task RemoveAsync(QuickstartTraces traces, KafkaSettings? kafka, StoreOptions? redis)
    {
        foreach (QuickstartTrace trace in traces.All.Where(t => (t.Kafka ?? kafka?.BootstrapServers) == kafka?.BootstrapServers && (t.Redis ?? redis?.Address) == redis?.Address).ToArray())
        {
            if (trace.Kafka is not null) await ProblemTopics.DeleteAsync(kafka! with { Namespace = trace.Namespace });
            if (trace.Redis is not null)
            {
                await using StoreConnection store = await StoreConnection.ConnectAsync(redis! with { Namespace = trace.Namespace });
                await DeleteKeysAsync(store);
            }
            traces.Remove(trace);
        }
    }

    /// <summary>Bytes that Redis says it uses; of one that does not say (Garnet), what Redis 7 would use for the keys, and the numbers of the vectors.</summary>
    public async Task<long> UsedMemoryAsync()
    {
        if (await Store.UsedMemoryAsync() is { } bytes) return bytes;
        (long sum, long count) = (0, 0);
        var sizes = new List<Task<long>>();
        await foreach (RedisKey key in Store.ScanAsync(Store.Keys.AllPattern))
        {
            count++;
            sizes.Add(SizeAsync(key));
            if (sizes.Count < 1000) continue;
            sum += (await Task.WhenAll(sizes)).Sum();
            sizes.Clear();
        }
        return sum + (await Task.WhenAll(sizes)).Sum() + RedisMemory.OfTable(count);
    }

    async Task<long> SizeAsync(RedisKey key)
    {
        string hash = spec.Mbat.Settings.Hash();
        if (key == Store.Keys.Vectors(VectorStore.SearchedKind, hash)) return sizeof(float) * spec.Mbat.Dimension * await new VectorStore(Store, VectorStore.SearchedKind, hash, spec.Mbat.Dimension).CountAsync();
        try { return RedisMemory.OfKey(((byte[])key!).Length, (int)await Store.Database.StringLengthAsync(key)); }
        catch (RedisServerException) { return 0; } // what lies beside the vectors is no string
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (embeddedRedis is null) await DeleteKeysAsync(Store);
        await Store.DisposeAsync();
        embeddedRedis?.Dispose();
        if (embeddedKafka is null) await ProblemTopics.DeleteAsync(Kafka);
        embeddedKafka?.Dispose();
        traces.Remove(trace);
    }

    static async Task DeleteKeysAsync(StoreConnection store)
    {
        await foreach (RedisKey key in store.ScanAsync(store.Keys.AllPattern)) await store.Database.KeyDeleteAsync(key);
    }
}
