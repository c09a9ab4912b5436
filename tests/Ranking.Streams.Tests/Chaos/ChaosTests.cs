using System.Globalization;
using Ranking.Features.Events;
using Ranking.Store.Tests;
using Ranking.Store.Upkeep;
using Ranking.Streams.Tests.Faults;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.Chaos;

/// <summary>
/// A log is replayed while members are killed, stopped, added and removed, their folders deleted, aged and put back, and the broker
/// restarted, all in an order that a seed gives: every example and last row is that of an undisturbed run. Where there is a Redis 7, it is
/// emptied, killed and stopped as well, and ends with the rows that a full rebuild would write.
/// </summary>
/// <remarks>
/// As long as wanted: <c>RANKING_CHAOS_SECONDS=3600 RANKING_CHAOS_SEEDS=1,2,3 dotnet run -c Release --project tests/Ranking.Streams.Tests
/// -- --explicit only --filter-class '*ChaosTests'</c>.
/// </remarks>
public class ChaosTests
{
    /// <summary>Seeds of the runs.</summary>
    public static TheoryData<int> Seeds => [.. (Environment.GetEnvironmentVariable("RANKING_CHAOS_SEEDS") ?? "1,2").Split(',').Select(s => int.Parse(s, CultureInfo.InvariantCulture))];

    [Theory(Explicit = true)]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_that_dies_changes_an_example_or_a_row(int seed)
    {
        var length = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("RANKING_CHAOS_SECONDS") ?? "30", CultureInfo.InvariantCulture));
        using var broker = new OwnBroker(nodes: seed % 4 == 0 ? 3 : 1);
        await using RealProblem problem = await RealProblem.Create(partitions: 1 << (seed % 3 + 1), broker.Address);
        SourceEvent[] log = [.. SmallLog.Events((int)(length.TotalSeconds * 100), seed, served: true)];
        using OwnRedis? redis = Environment.GetEnvironmentVariable("RANKING_TEST_REDIS7") is null ? null : OwnRedis.Start("redis7");
        using var run = new ChaosRun(seed, broker, problem, redis);
        await run.Disturb(log, length);
        await run.End();
        TestContext.Current.TestOutputHelper!.WriteLine(run.Story());
        if (Environment.GetEnvironmentVariable("RANKING_CHAOS_STORIES") is { } folder) await File.WriteAllTextAsync(Path.Combine(folder, $"{seed}.txt"), run.Story());
        Outcome.Of(log).MustEqual(problem.Outcome);
        if (redis is null) return;
        StoreDifferences found = await problem.Differences(redis.Address);
        Assert.True(found.None && found.Same > 0, $"{found} {string.Join(", ", found.Examples)}\n{run.Story()}");
    }
}
