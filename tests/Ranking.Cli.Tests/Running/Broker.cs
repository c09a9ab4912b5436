using System.Globalization;
using Ranking.Features.Spec;
using Ranking.Streams.Embedded;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Tests.Running;

/// <summary>A problem's topics for one test: on the Kafka that RANKING_TEST_KAFKA names, in a namespace that it deletes, or on the embedded broker.</summary>
sealed class Broker : IAsyncDisposable
{
    static int namespaces;
    readonly EmbeddedKafka? embedded;
    readonly RankingSpec spec;

    Broker(EmbeddedKafka? embedded, RankingSpec spec, KafkaSettings kafka, int partitions) => (this.embedded, this.spec, Kafka, Partitions) = (embedded, spec, kafka, partitions);

    /// <summary>A real broker's address, or null.</summary>
    public static string? Real => Environment.GetEnvironmentVariable("RANKING_TEST_KAFKA") is { Length: > 0 } address ? address : null;

    /// <summary>Where the topics are.</summary>
    public KafkaSettings Kafka { get; }

    /// <summary>Partitions of each.</summary>
    public int Partitions { get; }

    /// <summary>Makes the topics.</summary>
    public static async Task<Broker> StartAsync(RankingSpec spec)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"cli-{Environment.ProcessId}-{Interlocked.Increment(ref namespaces)}");
        EmbeddedKafka? embedded = Real is null ? EmbeddedKafka.Start() : null;
        KafkaSettings kafka = embedded?.Settings(name) ?? new(Real!, name);
        return new(embedded, spec, kafka, await ProblemTopics.EnsureAsync(kafka, spec, embedded is null ? 2 : null));
    }

    /// <summary>The arguments by which a command finds them.</summary>
    public string[] Arguments(Shop shop) => ["--spec", shop.Folder, "--kafka", Kafka.BootstrapServers, "--namespace", Kafka.Namespace];

    public async ValueTask DisposeAsync()
    {
        if (embedded is null) await ProblemTopics.DeleteAsync(Kafka);
        embedded?.Dispose();
    }
}
