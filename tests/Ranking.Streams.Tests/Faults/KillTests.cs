using Ranking.Features.Events;
using Ranking.Streams.Loop;
using Ranking.Streams.State;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Faults;

/// <summary>Members killed as by <c>kill -9</c> at points of their loop, and started again: every example and last row is that of an undisturbed run.</summary>
public class KillTests
{
    static readonly SourceEvent[] Log = [.. SmallLog.Events(3_000)];
    static readonly Lazy<Outcome> Expected = new(() => Outcome.Of(Log));

    [Fact]
    public async Task An_undisturbed_member_gives_what_files_give()
    {
        await using RealProblem problem = await RealProblem.Create();
        problem.Replay(Log);
        string said = await problem.Run();
        Assert.Contains($"done events {Log.Length} examples {Expected.Value.Examples.Count} late 0 dead 0", said, StringComparison.Ordinal);
        Expected.Value.MustEqual(problem.Outcome);
    }

    [Theory]
    [InlineData(8, 11)]
    [InlineData(4, 12)]
    public async Task Kills_before_and_after_commits_and_during_restores_change_nothing(int partitions, int seed)
    {
        await using RealProblem problem = await RealProblem.Create(partitions);
        var random = new Random(seed);
        // Written: the transaction is whole but not committed. Committed: RocksDB has not got it yet. Applied: both have it.
        // A part of the log before each kill: a fast member could be done before the last of them.
        string[] points = ["written", "committed", "applied", "written", "committed"];
        for (int i = 0; i < points.Length; i++)
        {
            problem.Replay(Log[(Log.Length * i / points.Length)..(Log.Length * (i + 1) / points.Length)], close: i == points.Length - 1);
            await Killed(problem, points[i], random.Next(2));
        }
        // RocksDB is gone: all comes from the changelog, and is killed on the way, twice.
        Directory.Delete(problem.StateOf("m0"), recursive: true);
        await Killed(problem, "restoring", 0);
        await Killed(problem, "restoring", 1);
        await problem.Run();
        Expected.Value.MustEqual(problem.Outcome);
    }

    [Fact]
    public async Task State_of_other_topics_is_thrown_away()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 2);
        problem.Replay(Log);
        await Killed(problem, "committed", 1);
        // Another problem's state under the same names: what a namespace that was deleted and made anew finds.
        await using RealProblem other = await RealProblem.Create(partitions: 2);
        other.Replay(SmallLog.Events(500, seed: 99));
        await other.Run();
        Directory.Delete(problem.StateOf("m0"), recursive: true);
        Directory.Move(other.StateOf("m0"), problem.StateOf("m0"));
        await problem.Run();
        Expected.Value.MustEqual(problem.Outcome);
    }

    [Fact]
    public async Task State_that_is_older_than_a_day_is_thrown_away()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 1);
        problem.Replay(Log);
        await Killed(problem, "applied", 1);
        using (var queries = new BrokerQueries(problem.Kafka))
        using (var old = new StateDatabase(Path.Combine(problem.StateOf("m0"), "0"), await queries.IdOfAsync(problem.Kafka.Topic(TopicNames.State)), new TwoDaysAgo()))
        {
            // What it lost meanwhile would be missed, if it were used.
            StateChange[] gone = [.. old.Rooms(StateKeys.Sorting, 255).Select(s => new StateChange(s.Key, null))]; // all but where it stands
            Assert.NotEmpty(gone);
            old.Apply(gone, old.Offset);
        }
        await problem.Run();
        Expected.Value.MustEqual(problem.Outcome);
    }

    static async Task Killed(RealProblem problem, string point, int after)
    {
        using MemberProcess member = MemberProcess.Start(problem.Member with { KillAt = point, KillAfter = after });
        await member.Ended(killed: true);
    }

    sealed class TwoDaysAgo : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddDays(-2);
    }
}
