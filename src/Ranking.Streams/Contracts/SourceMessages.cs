using MessagePack;
using Ranking.Features.Errors;
using Ranking.Features.Events;
using Ranking.Features.Partitioning;

namespace Ranking.Streams.Contracts;

/// <summary>What a source topic's message holds: an event, only a time (a heartbeat), or an erasure.</summary>
/// <param name="TimeMs">Event time.</param>
/// <param name="Event">The event; null for a heartbeat and an erasure.</param>
/// <param name="Erasure">A user who is to be forgotten.</param>
public readonly record struct SourceMessage(long TimeMs, SourceEvent? Event, Erasure? Erasure = null);

/// <summary>Messages of impressions, feedback, what was served, and entities.</summary>
public static class SourceMessages
{
    /// <summary>Key of heartbeats in compacted topics.</summary>
    public static readonly byte[] HeartbeatKey = "~hb"u8.ToArray();

    /// <summary>A time at which nothing happened.</summary>
    public static byte[] Heartbeat(long timeMs) => MessageCodec.Write(1, timeMs, static (ref MessagePackWriter w, long t) => w.Write(t));

    /// <summary>The topic, without prefix, that erasures are written to.</summary>
    public const string ErasureTopic = "entities.user";

    /// <summary>An erasure: to a program that does not know it, the deletion of the user's document.</summary>
    public static byte[] Encode(Erasure erasure) => MessageCodec.Write(4, erasure, static (ref MessagePackWriter w, Erasure e) =>
    {
        w.Write(e.BeforeMs);
        w.Write(e.User);
        w.WriteNil();
        w.Write(true);
    });

    /// <summary>An event, in its topic's format.</summary>
    public static byte[] Encode(SourceEvent sourceEvent) => sourceEvent switch
    {
        Impression i => MessageCodec.Write(6, i, static (ref MessagePackWriter w, Impression i) =>
        {
            w.Write(i.TimeMs);
            w.Write(i.RequestId);
            w.Write(i.User);
            w.Write(i.Item);
            if (i.Position is { } position) w.Write(position);
            else w.WriteNil();
            MessageCodec.Write(ref w, i.Context);
        }),
        Feedback f => MessageCodec.Write(6, f, static (ref MessagePackWriter w, Feedback f) =>
        {
            w.Write(f.TimeMs);
            w.Write(f.RequestId);
            w.Write(f.User);
            w.Write(f.Item);
            w.Write(f.Kind);
            w.Write(f.Value);
        }),
        Served s => MessageCodec.Write(9, s, static (ref MessagePackWriter w, Served s) =>
        {
            w.Write(s.TimeMs);
            w.Write(s.RequestId);
            w.Write(s.User);
            w.Write(s.Item);
            w.Write(s.Model);
            w.Write(s.FeatureHash);
            if (s.Place is { } place) w.Write(place);
            else w.WriteNil();
            w.WriteArrayHeader(s.Degraded.Length);
            foreach (string reason in s.Degraded) w.Write(reason);
            w.Write(s.Features);
        }),
        EntityDocument d => MessageCodec.Write(3, d, static (ref MessagePackWriter w, EntityDocument d) =>
        {
            w.Write(d.TimeMs);
            w.Write(d.Id);
            if (d.Json is { } json) w.Write(json);
            else w.WriteNil();
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(sourceEvent), sourceEvent.GetType().Name, "no topic holds such events"),
    };

    /// <summary>Reads a message of a source topic.</summary>
    /// <param name="topic">The topic's name without prefix: impressions, feedback, served or entities.KIND.</param>
    /// <param name="value">The message.</param>
    /// <param name="contextFields">How many context fields the spec has.</param>
    /// <exception cref="MessageFormatException">It cannot be read, or an id is not 1 to 512 bytes of UTF-8.</exception>
    public static SourceMessage Decode(string topic, ReadOnlyMemory<byte> value, int contextFields) => MessageCodec.Read(value, 1, (Topic: topic, ContextFields: contextFields), static (ref MessagePackReader r, int fields, (string Topic, int ContextFields) of) =>
    {
        long timeMs = r.ReadInt64();
        if (fields == 1) return new SourceMessage(timeMs, null);
        SourceEvent e = of.Topic switch
        {
            "impressions" => new Impression(timeMs, Id(ref r, "request id"), Id(ref r, "user"), Id(ref r, "item"), Position(ref r), Context(ref r, of.ContextFields)),
            "feedback" => new Feedback(timeMs, r.TryReadNil() ? null : Id(ref r, "request id"), Id(ref r, "user"), Id(ref r, "item"), MessageCodec.Text(ref r), r.ReadInt64()),
            "served" => new Served(timeMs, Id(ref r, "request id"), Id(ref r, "user"), Id(ref r, "item"), MessageCodec.Text(ref r), MessageCodec.Text(ref r), Position(ref r), Reasons(ref r), MessageCodec.Bytes(ref r)),
            _ => new EntityDocument(timeMs, of.Topic["entities.".Length..], Id(ref r, "id"), r.TryReadNil() ? null : MessageCodec.Bytes(ref r)),
        };
        if (of.Topic == ErasureTopic && fields > 3 && r.ReadBoolean()) return new SourceMessage(timeMs, null, new(e.Key, timeMs));
        return new SourceMessage(timeMs, e);
    });

    static string Id(ref MessagePackReader r, string field)
    {
        string id = MessageCodec.Text(ref r);
        return Ids.IsValid(id) ? id : throw new MessageFormatException(ErrorCodes.FieldInvalid, $"{field} has {id.Length} characters; 1 to {Ids.MaxBytes} bytes of UTF-8 were expected");
    }

    static int? Position(ref MessagePackReader r) => r.TryReadNil() ? null : r.ReadInt32();

    static string[] Reasons(ref MessagePackReader r)
    {
        var reasons = new string[r.ReadArrayHeader()];
        for (int i = 0; i < reasons.Length; i++) reasons[i] = MessageCodec.Text(ref r);
        return reasons;
    }

    static FieldValue[] Context(ref MessagePackReader r, int fields)
    {
        FieldValue[] values = MessageCodec.ReadValues(ref r);
        if (values.Length != fields) throw new MessageFormatException(ErrorCodes.FieldInvalid, $"impression has {values.Length} context fields; the spec has {fields}");
        return values;
    }
}
