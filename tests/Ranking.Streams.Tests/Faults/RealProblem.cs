using Ranking.Features.Events;
using Ranking.Store;
using Ranking.Store.Upkeep;
using Ranking.Streams.Replay;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Faults;

/// <summary>The small problem on the broker of RANKING_TEST_KAFKA, in a namespace and a state folder that are gone afterwards.</summary>
sealed class RealProblem : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("ranking-faults-").FullName;

    RealProblem(KafkaSettings kafka, int partitions) => (Kafka, Partitions) = (kafka, partitions);

    public KafkaSettings Kafka { get; }

    public int Partitions { get; }

    /// <summary>Where the member keeps the state of its tasks.</summary>
    public string StateOf(string member) => Path.Combine(folder, Kafka.Namespace, member);

    /// <summary>Makes the topics; skips the test where there is no broker.</summary>
    public static async Task<RealProblem> Create(int partitions = 8, string? broker = null, IReadOnlyDictionary<string, string>? client = null)
    {
        broker ??= Environment.GetEnvironmentVariable("RANKING_TEST_KAFKA");
        Assert.SkipWhen(broker is null, "RANKING_TEST_KAFKA names no broker");
        var kafka = new KafkaSettings(broker!, $"small-{Guid.NewGuid():N}"[..18], client);
        return new(kafka, await ProblemTopics.EnsureAsync(kafka, Outcome.Builder.Plan.Spec, partitions));
    }

    /// <summary>How a member starts here.</summary>
    public MemberStart Member => new(Kafka.BootstrapServers, Kafka.Namespace, Partitions, folder) { Client = Kafka.Extra };

    /// <summary>Writes a log to the source topics.</summary>
    /// <param name="log">The log, in order.</param>
    /// <param name="close">Whether the last heartbeat closes every window.</param>
    public void Replay(IEnumerable<SourceEvent> log, bool close = true)
    {
        using var replay = new TopicReplay(Outcome.Builder.Plan, Kafka, Partitions);
        foreach (SourceEvent e in log) replay.Write(e);
        if (close) replay.Close();
        else replay.Flush();
    }

    /// <summary>Runs a member to the end of what is there.</summary>
    public async Task<string> Run(MemberStart? start = null)
    {
        using MemberProcess member = MemberProcess.Start(start ?? Member);
        await member.Ended();
        return member.Said;
    }

    /// <summary>How the rows in a Redis differ from those that a full rebuild would write.</summary>
    public async Task<StoreDifferences> Differences(string redis)
    {
        await using StoreConnection store = await StoreConnection.ConnectAsync(MemberSink.Options(redis, Kafka));
        return await new StoreUpkeep(store).VerifyAsync(new LoggedRows(Kafka, Partitions).ReadAsync());
    }

    /// <summary>What is committed.</summary>
    public Outcome Outcome => Outcome.Of(Kafka, Partitions);

    public async ValueTask DisposeAsync()
    {
        await ProblemTopics.DeleteAsync(Kafka);
        Directory.Delete(folder, recursive: true);
    }
}
