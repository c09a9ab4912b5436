using Ranking.Features.Events;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.Faults;

/// <summary>Members killed as by <c>kill -9</c> at points of their loop, and started again: every example and last row is that of an undisturbed run.</summary>
public class KillTests
{
    static readonly SourceEvent[] Log = [.. SmallLog.Events(6_000)];
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
}
