using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Partitioning;
using Ranking.Features.Spec;
using Ranking.Streams.Contracts;
using Ranking.Streams.Tests.Pipeline;
using Ranking.Streams.Topics;

namespace Ranking.Streams.Tests.Faults;

/// <summary>What other people's producers and the broker's retention do to the sources.</summary>
public class SourceTests
{
    static readonly SourceEvent[] Log = [.. SmallLog.Events(1_500, seed: 3)];

    [Fact]
    public async Task JSON_gives_what_our_own_messages_give()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 2);
        problem.Replay([], close: false);
        using (var writer = new TopicWriter(problem.Kafka))
        {
            foreach (SourceEvent e in Log)
            {
                string topic = Features.Joining.LocalPipeline.TopicOf(e);
                int partition = Murmur2.Partition(e.Key, 2);
                byte[] key = Encoding.UTF8.GetBytes(e.Key);
                if (e is EntityDocument { Json: null }) writer.Write(topic, partition, key, null, SourceRecords.TimeOf(e.TimeMs));
                else writer.Write(topic, partition, key, Json(e));
            }
            long end = Log[^1].TimeMs + Features.Joining.FeatureRunTimes.Of(Outcome.Builder.Plan).ClosingMs;
            foreach (string topic in (string[])["impressions", "feedback", "served", "entities.user", "entities.item"])
                for (int p = 0; p < 2; p++) writer.Write(topic, p, "~hb"u8.ToArray(), topic == "entities.item" ? JsonSerializer.SerializeToUtf8Bytes(new { updated_at = end }) : JsonSerializer.SerializeToUtf8Bytes(new { time = end }));
            writer.Flush();
        }
        await problem.Run();
        Outcome.Of(Log).MustEqual(problem.Outcome);
    }

    [Fact]
    public async Task A_namespace_of_other_features_is_refused_before_anything_is_written_to_it()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 2);
        RankingSpec same = Outcome.Builder.Plan.Spec, other = same with { Delay = TimeSpan.FromSeconds(6) };
        Assert.Equal(2, await ProblemTopics.EnsureAsync(problem.Kafka, other)); // nothing is of any features yet
        problem.Replay(Log);
        await problem.Run();
        Assert.Equal(ErrorCodes.FeatureHashDiffers, (await Assert.ThrowsAsync<RankingException>(() => ProblemTopics.EnsureAsync(problem.Kafka, other))).Error);
        Assert.Equal(2, await ProblemTopics.EnsureAsync(problem.Kafka, same));
    }

    [Fact]
    public async Task Records_in_the_wrong_partition_or_without_sense_are_dead_letters_that_say_so()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 4);
        var misplaced = new Impression(Log[0].TimeMs, "r", "someone", "i", null, [FieldValue.Missing, FieldValue.Missing]);
        int wrong = (Murmur2.Partition("someone", 4) + 1) % 4;
        using (var writer = new TopicWriter(problem.Kafka))
        {
            writer.Write("impressions", wrong, "someone"u8.ToArray(), SourceMessages.Encode(misplaced));
            writer.Write("impressions", wrong, "someone"u8.ToArray(), "{\"time\":\"2020-01-01T00:00:00\",\"user\":\"u\"}"u8.ToArray());
            writer.Write("impressions", wrong, "someone"u8.ToArray(), [0xc1, 0xff]);
            writer.Flush();
        }
        problem.Replay(Log);
        Assert.Contains("dead 3", await problem.Run(), StringComparison.Ordinal);
        Outcome.Of(Log).MustEqual(problem.Outcome);
        var reasons = new List<string>();
        using var dead = new TopicReader(problem.Kafka, "test", ["impressions.dead"], 4);
        while (!dead.CaughtUp) if (dead.Read(TimeSpan.FromMilliseconds(100)) is { } letter) reasons.Add(DeadLetters.Decode(letter.Message.Value).Reason);
        Assert.Collection(reasons,
            r => Assert.StartsWith("RNK2103", r, StringComparison.Ordinal),
            r => Assert.Equal("RNK2102 time is \"2020-01-01T00:00:00\"; ISO 8601 with an offset, or milliseconds since 1970 UTC, was expected", r),
            r => Assert.StartsWith("RNK2101", r, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Records_that_were_deleted_unread_are_refused_with_their_number()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 1);
        problem.Replay(Log[..500], close: false);
        await problem.Run();
        problem.Replay(Log[500..]);
        using (IAdminClient admin = problem.Kafka.Admin())
        {
            var topic = new TopicPartition(problem.Kafka.Topic("impressions"), 0);
            long end = (await admin.ListOffsetsAsync([new() { TopicPartition = topic, OffsetSpec = OffsetSpec.Latest() }])).ResultInfos[0].TopicPartitionOffsetError.Offset.Value;
            await admin.DeleteRecordsAsync([new(topic, end - 3)]);
        }
        using MemberProcess member = MemberProcess.Start(problem.Member);
        await member.Says("RNK2004");
        Assert.Matches(@"impressions-0 was read up to \d+, but begins at \d+ now: \d+ records were deleted unread", member.Said);
    }

    [Fact]
    public async Task Live_silent_topics_and_partitions_follow_the_others()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 4);
        // No heartbeats: all events of one user, so that three partitions and most topics hold nothing.
        Impression[] shown = [.. Enumerable.Range(0, 60).Select(i => new Impression(1_600_000_000_000 + i * 5_000, $"r{i}", "u", $"i{i % 7}", i, [FieldValue.Missing, FieldValue.Of("a")]))];
        using MemberProcess member = MemberProcess.Start(problem.Member with { Live = true, UntilIdle = null });
        await member.Says("takes partitions");
        using var writer = new TopicWriter(problem.Kafka);
        foreach (Impression i in shown[..40]) writer.Write("impressions", Murmur2.Partition("u", 4), "u"u8.ToArray(), SourceMessages.Encode(i));
        // The last minute's windows stay open. Where all is silent nothing moves: the topic of impressions must not be.
        Example[] expected = [.. Outcome.Of(shown[..40]).Examples.Where(e => e.TimeMs < shown[39].TimeMs - 80_000)];
        for (int i = 40; problem.Outcome.Examples.Count < expected.Length; i++)
        {
            Assert.True(i < shown.Length, $"{problem.Outcome.Examples.Count} of {expected.Length} examples\n{member.Said}");
            writer.Write("impressions", Murmur2.Partition("u", 4), "u"u8.ToArray(), SourceMessages.Encode(shown[i]));
            writer.Flush();
            await Task.Delay(400);
        }
        member.Signal("TERM");
        await member.Ended();
        Assert.Equal(expected, problem.Outcome.Examples.Take(expected.Length));
    }

    [Fact]
    public async Task An_erased_user_is_forgotten_by_a_mark_that_moves_no_time_and_a_member_that_starts_anew_goes_on_refusing()
    {
        await using RealProblem problem = await RealProblem.Create(partitions: 2);
        SourceEvent[] begun = Log[..(Log.Length / 2)], rest = Log[(Log.Length / 2)..];
        problem.Replay(begun, close: false);
        await problem.Run();
        string user = problem.Outcome.Rows.Keys.Where(k => k.StartsWith("user:", StringComparison.Ordinal)).Select(k => k["user:".Length..]).First(u => rest.OfType<Impression>().Any(i => i.User == u));
        long before = rest[^1].TimeMs + 3_600_000; // later than any event: time would not survive it as a watermark
        using (var writer = new TopicWriter(problem.Kafka))
        {
            writer.Write("entities.user", Murmur2.Partition(user, 2), Encoding.UTF8.GetBytes(user), SourceMessages.Encode(new Erasure(user, before)));
            writer.Flush();
        }
        await problem.Run();
        Outcome erased = problem.Outcome;
        Assert.DoesNotContain($"user:{user}", erased.Rows.Keys);
        int known = erased.Examples.Count(e => e.User == user);
        problem.Replay(rest);
        Assert.Contains("late 0", await problem.Run(), StringComparison.Ordinal);
        Outcome after = problem.Outcome;
        Assert.DoesNotContain($"user:{user}", after.Rows.Keys);
        Assert.Equal(known, after.Examples.Count(e => e.User == user));
        Assert.Equal(Outcome.Of(Log).Examples.Where(e => e.User != user).Select(e => (e.TimeMs, e.User, e.RequestId, e.Item)), after.Examples.Where(e => e.User != user).Select(e => (e.TimeMs, e.User, e.RequestId, e.Item)));
    }

    static byte[] Json(SourceEvent e) => e switch
    {
        Impression i => JsonSerializer.SerializeToUtf8Bytes(new { time = DateTimeOffset.FromUnixTimeMilliseconds(i.TimeMs).ToString("o"), rid = i.RequestId, member = new { id = i.User }, item = i.Item, position = i.Position, context = new { tab = i.Context[0].Id }, made = new { by = i.Context[1].Id } }),
        Feedback f => JsonSerializer.SerializeToUtf8Bytes(new { time = f.TimeMs, request_id = f.RequestId, user = f.User, item = f.Item, action = f.Kind, value = f.Value / 1e6 }),
        EntityDocument { Kind: "item" } d => Encoding.UTF8.GetBytes($"{{\"sku\":{JsonSerializer.Serialize(d.Id)},\"updated_at\":{d.TimeMs},{Encoding.UTF8.GetString(d.Json!)[1..]}"), // the record is the document
        EntityDocument d => JsonSerializer.SerializeToUtf8Bytes(new { time = d.TimeMs, id = d.Id, doc = JsonSerializer.Deserialize<JsonElement>(d.Json) }),
        _ => throw new ArgumentOutOfRangeException(nameof(e)),
    };
}
