using MessagePack;
using Ranking.Features.Joining;

namespace Ranking.Streams.Contracts;

/// <summary>Messages of counts (events, questions, watermarks) and answers.</summary>
public static class TaskMessages
{
    /// <summary>An event or question for an owner.</summary>
    public static byte[] Encode(OwnerEvent e) => MessageCodec.Write(9, e, static (ref MessagePackWriter w, OwnerEvent e) =>
    {
        w.Write(e.Owner);
        w.Write(e.Id);
        w.Write(e.TimeMs);
        w.Write(e.Kind);
        w.Write(e.Amount);
        w.Write(e.User);
        w.Write(e.Item);
        MessageCodec.Write(ref w, e.Context);
        w.Write(e.RequestId);
    });

    /// <summary>A source partition's watermark.</summary>
    public static byte[] Encode(SourceWatermark m) => MessageCodec.Write(2, m, static (ref MessagePackWriter w, SourceWatermark m) =>
    {
        w.Write(m.Partition);
        w.Write(m.WatermarkMs);
    });

    /// <summary>An owner's answer.</summary>
    public static byte[] Encode(OwnerAnswer a) => MessageCodec.Write(6, a, static (ref MessagePackWriter w, OwnerAnswer a) =>
    {
        w.Write(a.Owner);
        w.Write(a.TimeMs);
        w.Write(a.User);
        w.Write(a.RequestId);
        w.Write(a.Item);
        w.Write(a.Features);
    });

    /// <summary>Reads a message of counts: an <see cref="OwnerEvent"/> or a <see cref="SourceWatermark"/>.</summary>
    /// <exception cref="MessageFormatException">It cannot be read.</exception>
    public static object DecodeCounts(ReadOnlyMemory<byte> value) => MessageCodec.Read<object>(value, 2, static (ref MessagePackReader r, int fields) =>
        fields == 2
            ? new SourceWatermark(r.ReadInt32(), r.ReadInt64())
            : new OwnerEvent(r.ReadInt32(), MessageCodec.Text(ref r), r.ReadInt64(), MessageCodec.Text(ref r), r.ReadInt64(), MessageCodec.Text(ref r), MessageCodec.Text(ref r),
                MessageCodec.ReadValues(ref r), r.ReadString()));

    /// <summary>Reads a message of answers.</summary>
    /// <exception cref="MessageFormatException">It cannot be read.</exception>
    public static OwnerAnswer DecodeAnswer(ReadOnlyMemory<byte> value) => MessageCodec.Read(value, 6, static (ref MessagePackReader r, int _) =>
        new OwnerAnswer(r.ReadInt32(), r.ReadInt64(), MessageCodec.Text(ref r), MessageCodec.Text(ref r), MessageCodec.Text(ref r), MessageCodec.Bytes(ref r)));
}
