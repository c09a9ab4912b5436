using System.Text.Json;
using Ranking.Features.Events;
using Ranking.Features.Examples;
using Ranking.Features.Spec;
using Ranking.Streams.Contracts;
using Ranking.Streams.Topics;

namespace Ranking.Cli.Output;

/// <summary>Messages of topics as objects that a person can read.</summary>
internal static class TopicMessages
{
    /// <summary>A message's value; null deletes. What cannot be read is shown as its bytes with the reason.</summary>
    public static object? Decode(RankingSpec spec, FeatureLayout layout, string topic, byte[]? value)
    {
        if (value is null) return null;
        try
        {
            return topic switch
            {
                TopicNames.Examples => Example(spec, layout, ExampleMessages.Decode(value, layout)),
                TopicNames.Rows => new { row_bytes = RowMessages.Decode(value).Length },
                TopicNames.Counts => TaskMessages.DecodeCounts(value),
                TopicNames.Answers => TaskMessages.DecodeAnswers(value),
                _ when topic.EndsWith(".dead", StringComparison.Ordinal) || topic.EndsWith(".late", StringComparison.Ordinal) => Letter(spec, topic, DeadLetters.Decode(value)),
                _ => Source(spec, SourceRecords.Decode(topic, new() { Value = value }, spec.Context, spec.Json)),
            };
        }
        catch (Exception e) when (e is MessageFormatException or MessagePack.MessagePackSerializationException or ArgumentException)
        {
            return new { unreadable = e.Message, bytes = Convert.ToHexStringLower(value.AsSpan(0, Math.Min(value.Length, 256))) };
        }
    }

    /// <summary>A dead or late letter with the message that it is about.</summary>
    public static object Letter(RankingSpec spec, string topic, DeadLetter letter)
    {
        string source = topic[..topic.LastIndexOf('.')];
        return new { reason = letter.Reason, source_offset = letter.Offset, message = Decode(spec, FeatureLayout.Of(spec), source, letter.Value) };
    }

    static object Source(RankingSpec spec, SourceMessage message) => message.Event switch
    {
        null when message.Erasure is { } erasure => new { erased = erasure.User, before = Instant(erasure.BeforeMs) },
        null => new { watermark = Instant(message.TimeMs) },
        Impression i => new
        {
            time = Instant(i.TimeMs),
            request_id = i.RequestId,
            user = i.User,
            item = i.Item,
            position = i.Position,
            context = spec.Context.Keys.Zip(i.Context).ToDictionary(c => c.First, c => c.Second.ToString()),
        },
        Feedback f => new { time = Instant(f.TimeMs), request_id = f.RequestId, user = f.User, item = f.Item, kind = f.Kind },
        Served s => new
        {
            time = Instant(s.TimeMs),
            request_id = s.RequestId,
            user = s.User,
            item = s.Item,
            place = s.Place,
            model = s.Model,
            feature_hash = s.FeatureHash,
            degraded_reasons = s.Degraded,
        },
        EntityDocument d => new { time = Instant(d.TimeMs), kind = d.Kind, id = d.Id, doc = d.Json is { Length: > 0 } doc ? JsonSerializer.Deserialize<JsonElement>(doc) : (JsonElement?)null },
        var other => new { text = other.ToString() },
    };

    static object Example(RankingSpec spec, FeatureLayout layout, ExampleMessage message) => message.Example is not { } e
        ? new { watermark = Instant(message.WatermarkMs) }
        : new
        {
            time = Instant(e.TimeMs),
            request_id = e.RequestId,
            user = e.User,
            item = e.Item,
            source = e.Source,
            labels = spec.Labels.Keys.Zip(e.Labels).ToDictionary(l => l.First, l => l.Second),
        };

    static string Instant(long ms) => ms is > -62135596800000 and < 253402300800000
        ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture)
        : ms.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
