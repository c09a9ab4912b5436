using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ranking.Features.Events;
using Ranking.Store.Tests;
using Ranking.Streams.Replay;
using Ranking.Streams.Tests.Faults;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.Chaos;

/// <summary>One run: members that are disturbed in an order that its seed gives, while a log is replayed.</summary>
sealed class ChaosRun : IDisposable
{
    static readonly string[] Points = ["written", "committed", "applied", "restoring"];

    readonly Random random;
    readonly OwnBroker broker;
    readonly ChaosRedis? redis;
    readonly RealProblem problem;
    readonly Stopwatch clock = Stopwatch.StartNew();
    readonly StringBuilder story = new();
    readonly ChaosMember[] members;
    Task brokerReturns = Task.CompletedTask;

    public ChaosRun(int seed, OwnBroker broker, RealProblem problem, OwnRedis? redis)
    {
        (random, this.broker, this.problem) = (new(seed), broker, problem);
        this.redis = redis is null ? null : new(redis, random);
        members = [.. Enumerable.Range(0, 3).Select(i => new ChaosMember($"m{i}", problem, redis?.Address))];
        Tell($"seed {seed}, {broker.Nodes} nodes, {problem.Partitions} partitions");
    }

    /// <summary>Replays a log over a time, and disturbs whatever works on it.</summary>
    public async Task Disturb(SourceEvent[] log, TimeSpan length)
    {
        Task replay = Task.Run(() => Replay(log, length));
        foreach (ChaosMember member in members.Take(2)) Start(member);
        TimeSpan next = TimeSpan.FromSeconds(2), end = clock.Elapsed + length;
        while (clock.Elapsed < end)
        {
            await Task.Delay(20);
            foreach (ChaosMember member in members) Settle(member);
            if (redis?.Settle(clock.Elapsed) is { } back) Tell(back);
            if (clock.Elapsed < next) continue;
            next = clock.Elapsed + TimeSpan.FromMilliseconds(random.Next(100, 3_000));
            Strike();
        }
        await replay;
    }

    /// <summary>Lets everybody go, and one member see it through to the end.</summary>
    public async Task End()
    {
        await brokerReturns;
        if (redis?.Settle(TimeSpan.MaxValue) is { } back) Tell(back);
        Tell("the end");
        foreach (ChaosMember member in members)
        {
            if (member.Process is not { } process) continue;
            member.Continue();
            process.Signal("TERM");
            member.IsEnding = true;
            for (var waited = Stopwatch.StartNew(); process.ExitCode is null; await Task.Delay(50))
                Assert.True(waited.Elapsed < TimeSpan.FromMinutes(2), $"{member.Name} does not end\n{Story()}");
            Check(member, process);
            member.Lost();
        }
        using MemberProcess last = MemberProcess.Start(problem.Member with { Member = "last", Redis = redis?.Address, UntilIdle = 9 });
        for (var waited = Stopwatch.StartNew(); last.ExitCode is null; await Task.Delay(100))
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(4), $"the last member does not end\n{last.Said}\n{Story()}");
        Assert.True(last.ExitCode == 0, $"the last member ended with {last.ExitCode}\n{last.Said}\n{Story()}");
        Tell(last.Said);
    }

    /// <summary>What was done, and what the members said.</summary>
    public string Story() => $"{story}\n{string.Join('\n', members.Select(m => $"---- {m.Name}\n{m.Said}"))}";

    public void Dispose()
    {
        brokerReturns.Wait();
        foreach (ChaosMember member in members) member.Dispose();
    }

    void Replay(SourceEvent[] log, TimeSpan length)
    {
        using var replay = new TopicReplay(Outcome.Builder.Plan, problem.Kafka, problem.Partitions);
        var paced = Stopwatch.StartNew();
        for (int i = 0; i < log.Length; i++)
        {
            replay.Write(log[i]);
            if (i % 50 == 0 && length * ((double)i / log.Length) - paced.Elapsed is var early && early > TimeSpan.Zero) Thread.Sleep(early);
        }
        replay.Close();
    }

    /// <summary>Brings back what was killed or stopped, when its time has come.</summary>
    void Settle(ChaosMember member)
    {
        if (member.Process is { ExitCode: not null } ended)
        {
            Check(member, ended);
            bool asked = member.IsEnding && ended.ExitCode != 137;
            Tell($"{member.Name} has {(asked ? "ended" : "died at its point")}");
            member.Lost();
            member.ReturnsAt = asked && random.Next(2) == 0 ? TimeSpan.MaxValue : clock.Elapsed + Seconds(0, 4);
        }
        if (clock.Elapsed < member.ReturnsAt) return;
        member.ReturnsAt = TimeSpan.MaxValue;
        if (member.Process is null) Start(member);
        else
        {
            Tell($"{member.Name} goes on");
            member.Continue();
        }
    }

    void Check(ChaosMember member, MemberProcess ended) =>
        Assert.True((ended.ExitCode == 137 && member.MayDie) || (member.IsEnding && ended.ExitCode is 0 or 143 /* before it could listen */), $"{member.Name} ended with {ended.ExitCode}\n{Story()}");

    void Start(ChaosMember member)
    {
        string? point = random.Next(3) == 0 ? Points[random.Next(Points.Length)] : null;
        Tell($"{member.Name} starts{(point is null ? "" : $", to die at {point}")}");
        member.Start(point, random.Next(40), random.Next(2) == 0 ? 60 : 86_400);
    }

    void Strike()
    {
        ChaosMember member = members[random.Next(members.Length)];
        int what = random.Next(redis is null ? 20 : 23);
        if (what >= 20)
        {
            if (redis!.Strike(clock.Elapsed) is { } struck) Tell(struck);
        }
        else if (what >= 18) Restart();
        else if (member.Process is null)
        {
            // A spare one, or one that waits for its return: its folder is deleted, aged, or it comes at once.
            if (what < 4) Tell($"{member.Name}'s folder is deleted: {member.DeleteState()}");
            else if (what < 8) Tell($"{member.Name}'s folder is an older one again: {member.RestoreState()}");
            else if (what < 14 || member.ReturnsAt == TimeSpan.MaxValue) Start(member);
        }
        else if (what < 8)
        {
            Tell($"{member.Name} is killed");
            member.Kill();
            if (random.Next(2) == 0) Tell($"{member.Name}'s folder is kept for later: {member.KeepState()}");
            member.ReturnsAt = random.Next(3) == 0 ? TimeSpan.MaxValue : clock.Elapsed + Seconds(0, 9);
        }
        else if (what < 12)
        {
            Tell($"{member.Name} stands still");
            member.Process.Signal("STOP");
            member.ReturnsAt = clock.Elapsed + Seconds(.2, 14); // its session takes 6, its transaction 10
        }
        else if (what < 15)
        {
            Tell($"{member.Name} is told to stop");
            member.Continue();
            member.Process.Signal("TERM");
            member.IsEnding = true;
            member.ReturnsAt = TimeSpan.MaxValue;
        }
        else if (what < 16)
        {
            Tell($"{member.Name}'s folder is deleted under it: {member.DeleteState()}");
        }
    }

    /// <summary>Takes a node away and brings it back; one at a time.</summary>
    void Restart()
    {
        if (!brokerReturns.IsCompleted) return;
        (int node, string signal, TimeSpan away) = (random.Next(broker.Nodes) + 1, random.Next(2) == 0 ? "TERM" : "KILL", Seconds(0, 6));
        Tell($"node {node}: {signal}");
        brokerReturns = Task.Run(async () =>
        {
            broker.Stop(signal, node);
            await Task.Delay(away);
            broker.Start(node);
            Tell($"node {node} is back");
        });
    }

    TimeSpan Seconds(double from, double to) => TimeSpan.FromSeconds(from + random.NextDouble() * (to - from));

    void Tell(string what)
    {
        lock (story) story.Append(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {what}\n");
    }
}
