using Ranking.Features.Spec;
using Ranking.Store;
using Ranking.Store.Embedded;
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

    QuickstartServers(RankingSpec spec, EmbeddedKafka? embeddedKafka, EmbeddedRedis? embeddedRedis, KafkaSettings kafka, int partitions, StoreConnection store)
    {
        (this.spec, this.embeddedKafka, this.embeddedRedis) = (spec, embeddedKafka, embeddedRedis);
        (Kafka, Partitions, Store) = (kafka, partitions, store);
    }

    /// <summary>The topics.</summary>
    public KafkaSettings Kafka { get; }

    /// <summary>Partitions of each topic.</summary>
    public int Partitions { get; }

    /// <summary>The keys.</summary>
    public StoreConnection Store { get; }

    /// <summary>Starts what was not named, and makes the topics.</summary>
    public static async Task<QuickstartServers> StartAsync(RankingSpec spec, string nameSpace, string? kafkaAddress, StoreOptions? redis)
    {
        EmbeddedKafka? embeddedKafka = kafkaAddress is null ? EmbeddedKafka.Start() : null;
        EmbeddedRedis? embeddedRedis = redis is null ? EmbeddedRedis.Start() : null;
        try
        {
            KafkaSettings kafka = embeddedKafka?.Settings(nameSpace) ?? new(kafkaAddress!, nameSpace);
            int partitions = await ProblemTopics.EnsureAsync(kafka, spec);
            StoreConnection store = await StoreConnection.ConnectAsync((redis ?? new() { Address = embeddedRedis!.Address, Namespace = nameSpace }) with { Namespace = nameSpace });
            return new(spec, embeddedKafka, embeddedRedis, kafka, partitions, store);
        }
        catch
        {
            embeddedRedis?.Dispose();
            embeddedKafka?.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that Redis says it uses; of one that does not say (Garnet), those of the namespace's keys, string values and vectors.</summary>
    public async Task<long> UsedMemoryAsync()
    {
        foreach (var section in await Store.Multiplexer.GetServers()[0].InfoAsync("memory"))
            foreach ((string key, string value) in section)
                if (key == "used_memory" && long.TryParse(value, out long bytes)) return bytes;
        long sum = 0;
        var lengths = new List<Task<long>>();
        await foreach (RedisKey key in Store.ScanAsync(Store.Keys.AllPattern))
        {
            sum += ((byte[])key!).Length;
            lengths.Add(LengthAsync(key));
            if (lengths.Count < 1000) continue;
            sum += (await Task.WhenAll(lengths)).Sum();
            lengths.Clear();
        }
        sum += (await Task.WhenAll(lengths)).Sum();
        return sum;
    }

    async Task<long> LengthAsync(RedisKey key)
    {
        if (key == Store.Keys.Vectors(VectorStore.SearchedKind)) return sizeof(float) * spec.Mbat.Dimension * await new VectorStore(Store, VectorStore.SearchedKind, spec.Mbat.Dimension).CountAsync();
        try { return await Store.Database.StringLengthAsync(key); }
        catch (RedisServerException) { return 0; } // what lies beside the vectors is no string
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (embeddedRedis is null) await DeleteKeysAsync();
        await Store.DisposeAsync();
        embeddedRedis?.Dispose();
        if (embeddedKafka is null) await ProblemTopics.DeleteAsync(Kafka, spec);
        embeddedKafka?.Dispose();
    }

    async Task DeleteKeysAsync()
    {
        await foreach (RedisKey key in Store.ScanAsync(Store.Keys.AllPattern)) await Store.Database.KeyDeleteAsync(key);
    }
}
