using Ranking.Features.Events;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.Faults;

/// <summary>Members that come, go and stand still: every example and last row is that of an undisturbed run.</summary>
/// <remarks>
/// They wait on the clocks of a group, so they run when they are asked for:
/// <c>dotnet run -c Release --project tests/Ranking.Streams.Tests -- --explicit only</c> with RANKING_TEST_KAFKA.
/// </remarks>
public class GroupTests
{
    static readonly SourceEvent[] Log = [.. SmallLog.Events(3_000, seed: 5)];
    static readonly Lazy<Outcome> Expected = new(() => Outcome.Of(Log));

    [Fact(Explicit = true)]
    public async Task A_second_member_takes_its_share_and_leaves_it()
    {
        await using RealProblem problem = await RealProblem.Create();
        problem.Replay(Log[..1000], close: false);
        using MemberProcess first = MemberProcess.Start(problem.Member with { UntilIdle = null });
        await first.Says("takes partitions 0, 1, 2, 3, 4, 5, 6, 7");
        using (MemberProcess second = MemberProcess.Start(problem.Member with { Member = "m1", UntilIdle = null }))
        {
            await second.Says("takes partitions 4, 5, 6, 7");
            problem.Replay(Log[1000..2000], close: false);
            await second.Says("has committed");
            second.Signal("KILL");
        }
        problem.Replay(Log[2000..]);
        await first.Says("takes partitions 0, 1, 2, 3, 4, 5, 6, 7", times: 2);
        // Another one under a name of its own sees the group through to the end of what is there.
        await problem.Run(problem.Member with { Member = "m2", UntilIdle = 2 });
        first.Signal("TERM");
        await first.Ended();
        // The group keeps the place of a member that ended until its session is over: so long m2 may have nothing to do.
        await problem.Run(problem.Member with { Member = "m2", UntilIdle = 8 });
        Expected.Value.MustEqual(problem.Outcome);
    }

    [Fact(Explicit = true)]
    public async Task A_member_that_stood_still_too_long_writes_nothing_and_begins_again()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 4);
        problem.Replay(Log[..1500], close: false);
        using MemberProcess stopped = MemberProcess.Start(problem.Member with { UntilIdle = null, StopAt = "written", KillAfter = 2 });
        await stopped.Says("stands still");
        problem.Replay(Log[1500..]);
        await problem.Run(problem.Member with { Member = "m1", UntilIdle = 3 });
        Outcome before = problem.Outcome;
        Expected.Value.MustEqual(before);
        stopped.Signal("CONT");
        await stopped.Says("Begins again at what was committed");
        await stopped.Says("takes partitions", times: 2);
        stopped.Signal("TERM");
        await stopped.Ended();
        Expected.Value.MustEqual(problem.Outcome);
    }

    [Fact(Explicit = true)]
    public async Task A_second_process_of_one_name_takes_the_first_one_s_place()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 1);
        problem.Replay(Log[..500], close: false);
        using MemberProcess first = MemberProcess.Start(problem.Member with { UntilIdle = null });
        await first.Says("takes partitions 0");
        await using RealProblem elsewhere = await RealProblem.Create(partitions: 1); // its state folder is another machine's
        using MemberProcess second = MemberProcess.Start(problem.Member with { UntilIdle = null, StateFolder = elsewhere.Member.StateFolder });
        await first.Says("RNK2009", timeoutSeconds: 90);
        problem.Replay(Log[500..]);
        second.Signal("TERM");
        await second.Ended();
        await problem.Run();
        Expected.Value.MustEqual(problem.Outcome);
    }
}
