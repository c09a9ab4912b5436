using System.Text;
using CsCheck;
using Ranking.Features.Events;
using Ranking.Features.Joining;
using Ranking.Features.Partitioning;
using Ranking.Streams.Contracts;
using Ranking.Streams.Tests.Pipeline;

namespace Ranking.Streams.Tests.Sessions;

/// <summary>
/// Sessions of two members that end at any moment: with their partitions given up in the middle of reading, before a commit, between it
/// and RocksDB, or after; with the other member's partitions, with little memory, with folders that are old or gone. Every example and
/// last row is that of a run over files.
/// </summary>
/// <remarks>As often as wanted: <c>RANKING_SESSION_RUNS=1000</c>.</remarks>
public class SessionTests
{
    [Fact]
    public void Wherever_a_session_ends_nothing_is_lost_or_counted_twice() =>
        (from seed in Gen.Int[0, 1_000_000] from events in Gen.Int[50, 1_200] from partitions in Gen.Int[0, 2].Select(p => 1 << p) from busy in Gen.Int[1, 40] select (seed, events, partitions, busy))
        .Sample(t => EndsWell(t.seed, t.events, t.partitions, t.busy), iter: Iterations, threads: 1);

    [Theory]
    [InlineData(885_750, 336, 4, 14)] // answers are committed before the tasks may go on: what they say then comes of no record that was read since
    public void Sessions_that_once_ended_otherwise_end_well(int seed, int events, int partitions, int busy) => EndsWell(seed, events, partitions, busy);

    [Fact]
    public void What_waited_to_be_released_when_partitions_were_given_up_is_used_once()
    {
        SourceEvent[] log = [.. SmallLog.Events(300)];
        string folder = Directory.CreateTempSubdirectory("ranking-sessions-").FullName;
        var broker = new MemoryBroker(2);
        Write(broker, log);
        using (var first = new MemorySession(broker, folder, [0, 1], 0, new(1)))
        {
            while (!first.IsAtEnd) first.Read(20);
            first.Commit();
        }
        using (var second = new MemorySession(broker, folder, [0, 1], 0, new(2)))
        {
            second.Advance(); // of what the first one read; nothing else comes
            second.Commit();
        }
        Last(broker, folder, new(3));
        Outcome.Of(log).MustEqual(broker.Outcome);
        Directory.Delete(folder, recursive: true);
    }

    static void EndsWell(int seed, int events, int partitions, int busy)
    {
        SourceEvent[] log = [.. SmallLog.Events(events, seed)];
        string folder = Directory.CreateTempSubdirectory("ranking-sessions-").FullName;
        try
        {
            var broker = new MemoryBroker(partitions);
            Write(broker, log);
            var random = new Random(seed);
            for (int sessions = random.Next(1, 12); sessions > 0; sessions--) Disturbed(broker, folder, busy, random);
            Last(broker, folder, random);
            Outcome.Of(log).MustEqual(broker.Outcome);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static int Iterations => int.TryParse(Environment.GetEnvironmentVariable("RANKING_SESSION_RUNS"), out int runs) ? runs : 15;

    static void Disturbed(MemoryBroker broker, string folder, int busy, Random random)
    {
        string member = Path.Combine(folder, $"m{random.Next(2)}");
        if (random.Next(6) == 0 && Directory.Exists(member)) Directory.Delete(member, recursive: true);
        int[] held = [.. Enumerable.Range(0, broker.Partitions).Where(_ => random.Next(3) > 0)];
        if (held.Length == 0) return;
        using var session = new MemorySession(broker, member, held, random.Next(3) * 20_000, random);
        for (int turns = random.Next(1, 40); turns > 0; turns--)
        {
            session.Read(random.Next(busy));
            if (turns == 1 && random.Next(2) == 0)
            {
                session.Commit(applies: random.Next(2) == 0); // given up in the middle of reading: what was read waits for whoever comes
                return;
            }
            session.Advance();
            if (random.Next(4) == 0) session.FlushRows();
            if (turns == 1 && random.Next(2) == 0) return; // what it did since the last commit never was
            if (random.Next(2) == 0 || turns == 1) session.Commit(applies: turns > 1 || random.Next(2) == 0);
        }
    }

    static void Last(MemoryBroker broker, string folder, Random random)
    {
        using var session = new MemorySession(broker, Path.Combine(folder, "m0"), Enumerable.Range(0, broker.Partitions), 20_000, random);
        do
        {
            session.Read(200);
            session.Advance();
            session.FlushRows();
            session.Commit();
        }
        while (!session.IsAtEnd);
        session.Advance();
        session.FlushRows();
        session.Commit();
    }

    static void Write(MemoryBroker broker, SourceEvent[] log)
    {
        var beats = new Heartbeats(FeatureRunTimes.Of(Outcome.Builder.Plan));
        foreach (SourceEvent e in log)
        {
            if (beats.Before(e.TimeMs) is { } beat) Heartbeat(beat);
            broker.Append(LocalPipeline.TopicOf(e), Murmur2.Partition(e.Key, broker.Partitions), Encoding.UTF8.GetBytes(e.Key),
                e is EntityDocument { Json: null } ? null : SourceMessages.Encode(e), e is EntityDocument { Json: null } ? SourceRecords.TimeOf(e.TimeMs) : null);
        }
        Heartbeat(beats.AtEnd()!.Value);

        void Heartbeat(long timeMs)
        {
            foreach (string topic in PipelineTask.TopicsOf(Outcome.Builder.Plan.Spec))
                for (int p = 0; p < broker.Partitions; p++) broker.Append(topic, p, SourceMessages.HeartbeatKey, SourceMessages.Heartbeat(timeMs));
        }
    }
}
