using Ranking.Features.Events;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.Faults;

/// <summary>A broker that goes and comes back. Runs when it is asked for, as <see cref="GroupTests"/> do.</summary>
public class BrokerTests
{
    static readonly SourceEvent[] Log = [.. SmallLog.Events(2_000, seed: 8)];

    [Theory(Explicit = true)]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task A_broker_that_is_restarted_is_waited_for(string signal)
    {
        using var broker = new OwnBroker();
        await using RealProblem problem = await RealProblem.Create(partitions: 2, broker.Address);
        problem.Replay(Log[..1000], close: false);
        using MemberProcess member = MemberProcess.Start(problem.Member with { UntilIdle = null, StopAt = "committed", KillAfter = 2 });
        await member.Says("stands still");
        broker.Stop(signal);
        member.Signal("CONT"); // in the middle of its work, and its broker is gone
        await Task.Delay(500);
        broker.Start();
        problem.Replay(Log[1000..]);
        await problem.Run(problem.Member with { Member = "m1", UntilIdle = 3 });
        member.Signal("TERM");
        await member.Ended();
        await problem.Run();
        Outcome.Of(Log).MustEqual(problem.Outcome);
    }
}
