using System.Text;
using System.Text.Json;
using Ranking.Cli.Tests.Running;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Tests;

/// <summary><c>topics</c> and <c>dead</c>: what a person sees of messages, and that a retried one arrives as it was.</summary>
public class DeadLetterTests
{
    static readonly Impression Shown = new(1_600_000_000_000, "r1", "ü1", "v1", 3, [FieldValue.Of("home")]);

    [Fact]
    public async Task Letters_are_counted_and_shown_and_a_retried_one_arrives_as_it_was_in_its_key_s_partition()
    {
        using Shop shop = new();
        await using Broker broker = await Broker.StartAsync(shop.Spec);
        byte[] message = SourceMessages.Encode(Shown), key = Encoding.UTF8.GetBytes(Shown.User);
        int own = Murmur2.Partition(Shown.User, broker.Partitions), other = (own + 1) % broker.Partitions;
        Write(broker, ("impressions.dead", other, key, DeadLetters.Encode("RNK2103: in partition 7", 41, message)),
            ("impressions.dead", own, key, DeadLetters.Encode("RNK2101: no MessagePack", 42, "\u0007garbage"u8.ToArray())),
            ("feedback.late", 0, key, DeadLetters.Encode("RNK2106: late", -1, SourceMessages.Encode(new Feedback(5, null, "ü1", "v1", "click", 1_000_000)))),
            ("impressions.dead", own, key, "what somebody else wrote here"u8.ToArray()));

        JsonElement[] counts = [.. (await Run(broker, shop, "dead", "list", "--json")).Json().GetProperty("letters").EnumerateArray()];
        Assert.Equal(4, counts.Sum(c => c.GetProperty("count").GetInt32()));
        Assert.Contains(counts, c => c.GetProperty("topic").GetString() == "feedback.late" && c.GetProperty("reason").GetString() == "RNK2106: late");

        JsonElement[] letters = Lines(await Run(broker, shop, "dead", "show", "--topic", "impressions.dead"));
        Assert.Equal(3, letters.Length);
        JsonElement misplaced = letters.Single(l => l.GetProperty("letter").GetProperty("source_offset").GetInt64() == 41);
        Assert.Equal(("ü1", "r1", "home"), (misplaced.GetProperty("key").GetString(), misplaced.GetProperty("letter").GetProperty("message").GetProperty("request_id").GetString(),
            misplaced.GetProperty("letter").GetProperty("message").GetProperty("context").GetProperty("tab").GetString()));
        Assert.Equal("07", letters.Single(l => l.GetProperty("letter").GetProperty("source_offset").GetInt64() == 42).GetProperty("letter").GetProperty("message").GetProperty("bytes").GetString()![..2]);
        Assert.Single(Lines(await Run(broker, shop, "dead", "show", "--limit", "1")));

        JsonElement written = (await Run(broker, shop, "dead", "retry", "--topic", "impressions.dead", "--at", $"{other}:{misplaced.GetProperty("offset").GetInt64()}", "--json")).Json();
        Assert.Equal(("impressions", own), (written.GetProperty("topic").GetString(), written.GetProperty("partition").GetInt32()));
        using TopicReader reader = new(broker.Kafka, "test", ["impressions"], broker.Partitions);
        List<(int Partition, byte[] Key, byte[]? Value)> arrived = [];
        while (!reader.CaughtUp) if (reader.Read(TimeSpan.FromMilliseconds(100)) is { } read) arrived.Add((read.Partition.Value, read.Message.Key, read.Message.Value));
        (int partition, byte[] gotKey, byte[]? value) = Assert.Single(arrived);
        Assert.Equal(own, partition);
        Assert.Equal(key, gotKey);
        Assert.Equal(message, value);
    }

    [Fact]
    public async Task A_letter_that_is_not_there_is_named_and_nothing_is_written()
    {
        using Shop shop = new();
        await using Broker broker = await Broker.StartAsync(shop.Spec);
        foreach ((string at, string code) in ((string, string)[])[("0:0", "RNK2007"), ("0:12", "RNK2007"), ("99:0", "RNK0001"), ("0", "RNK0001"), ("0:-1", "RNK0001")])
        {
            RankingProcess.Result result = await Run(broker, shop, "dead", "retry", "--topic", "impressions.dead", "--at", at, "--json");
            Assert.Equal((code == "RNK0001" ? 2 : 1, code), (result.Code, Code(result)));
        }
        RankingProcess.Result source = await Run(broker, shop, "dead", "retry", "--topic", "impressions", "--at", "0:0");
        Assert.Contains("'impressions' is none of impressions.late, impressions.dead", source.Errors, StringComparison.Ordinal);
        Assert.Empty(Lines(await Run(broker, shop, "topics", "show", "impressions")));
    }

    [Fact]
    public async Task Topics_show_events_heartbeats_and_what_cannot_be_read()
    {
        using Shop shop = new();
        await using Broker broker = await Broker.StartAsync(shop.Spec);
        Write(broker, ("impressions", 0, "u"u8.ToArray(), SourceMessages.Encode(Shown)), ("impressions", 0, SourceMessages.HeartbeatKey, SourceMessages.Heartbeat(1_600_000_060_000)),
            ("impressions", 0, "u"u8.ToArray(), [0xC1, 0xFF]), ("impressions", 0, "u"u8.ToArray(), SourceMessages.Encode(Shown)));
        JsonElement[] shown = Lines(await Run(broker, shop, "topics", "show", "impressions", "--limit", "3"));
        Assert.Equal([0L, 1, 2], shown.Select(s => s.GetProperty("offset").GetInt64()));
        Assert.Equal("2020-09-13T12:26:40.000Z", shown[0].GetProperty("value").GetProperty("time").GetString());
        Assert.Equal("2020-09-13T12:27:40.000Z", shown[1].GetProperty("value").GetProperty("watermark").GetString());
        Assert.Equal("c1ff", shown[2].GetProperty("value").GetProperty("bytes").GetString());

        JsonElement listed = (await Run(broker, shop, "topics", "list", "--json")).Json().GetProperty("topics").EnumerateArray().Single(t => t.GetProperty("name").GetString() == "impressions");
        Assert.Equal((broker.Partitions, 4L), (listed.GetProperty("partitions").GetInt32(), listed.GetProperty("messages").GetInt64()));
        RankingProcess.Result unknown = await Run(broker, shop, "topics", "show", "impresions");
        Assert.Equal(1, unknown.Code);
        Assert.EndsWith("did you mean impressions?", unknown.ErrorLine(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_does_not_answer_is_named()
    {
        using Shop shop = new();
        RankingProcess.Result result = await RankingProcess.Run(["topics", "list", "--spec", shop.Folder, "--kafka", "127.0.0.1:1", "--json"]);
        Assert.Equal((1, "RNK2001"), (result.Code, Code(result)));
        Assert.Contains("127.0.0.1:1", result.Errors, StringComparison.Ordinal);
    }

    static void Write(Broker broker, params (string Topic, int Partition, byte[] Key, byte[] Value)[] messages)
    {
        using TopicWriter writer = new(broker.Kafka with { Flow = null });
        foreach ((string topic, int partition, byte[] key, byte[] value) in messages) writer.Write(topic, partition, key, value);
        writer.Flush(CancellationToken.None);
    }

    static Task<RankingProcess.Result> Run(Broker broker, Shop shop, params string[] arguments) => RankingProcess.Run([.. arguments, .. broker.Arguments(shop)]);

    static string Code(RankingProcess.Result result) => result.Json().GetProperty("error").GetProperty("code").GetString()!;

    static JsonElement[] Lines(RankingProcess.Result result)
    {
        Assert.True(result.Code == 0, result.Errors);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<JsonElement>(l))];
    }
}
