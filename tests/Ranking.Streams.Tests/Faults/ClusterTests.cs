using Ranking.Features.Events;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.Faults;

/// <summary>Three brokers that keep everything three times. Runs when it is asked for, as <see cref="GroupTests"/> do.</summary>
public class ClusterTests
{
    static readonly SourceEvent[] Log = [.. SmallLog.Events(2_000, seed: 9)];

    [Fact(Explicit = true)]
    public async Task One_that_is_killed_is_not_missed()
    {
        using var cluster = new OwnBroker(nodes: 3);
        await using RealProblem problem = await RealProblem.Create(partitions: 4, cluster.Address);
        problem.Replay(Log[..700], close: false);
        using MemberProcess member = MemberProcess.Start(problem.Member with { UntilIdle = null });
        await member.Says("has committed");
        for (int node = 1; node <= 3; node++)
        {
            cluster.Stop("KILL", node); // of all leaders and coordinators, each loses some
            problem.Replay(Log[(200 + 500 * node)..(node == 3 ? Log.Length : 700 + 500 * node)], close: node == 3);
            if (node < 3) cluster.Start(node);
        }
        member.Signal("TERM");
        await member.Ended();
        await problem.Run(problem.Member with { UntilIdle = 3 }); // with two of three
        Outcome.Of(Log).MustEqual(problem.Outcome);
    }
}
