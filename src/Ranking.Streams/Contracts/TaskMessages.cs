using MessagePack;
using Ranking.Features.Joining;

namespace Ranking.Streams.Contracts;

/// <summary>
/// Messages of counts (events, questions, watermarks) and answers. One message holds many records, in their order
/// (<see cref="RecordFrame"/>): an impression makes a dozen of them, and a broker's cost is by message.
/// </summary>
public static class TaskMessages
{
    /// <summary>Appends an event or question for an owner.</summary>
    public static void Append(RecordFrame frame, OwnerEvent e)
    {
        MessagePackWriter w = frame.Begin(9);
        w.Write(e.Owner);
        w.Write(e.Id);
        w.Write(e.TimeMs);
        w.Write(e.Kind);
        w.Write(e.Amount);
        w.Write(e.User);
        w.Write(e.Item);
        MessageCodec.Write(ref w, e.Context);
        w.Write(e.RequestId);
        w.Flush();
    }

    /// <summary>Appends a source partition's watermark.</summary>
    public static void Append(RecordFrame frame, SourceWatermark m)
    {
        MessagePackWriter w = frame.Begin(3);
        w.Write(m.Partition);
        w.Write(m.WatermarkMs);
        w.Write(m.Idle);
        w.Flush();
    }

    /// <summary>Appends an owner's answer.</summary>
    public static void Append(RecordFrame frame, OwnerAnswer a)
    {
        MessagePackWriter w = frame.Begin(6);
        w.Write(a.Owner);
        w.Write(a.TimeMs);
        w.Write(a.User);
        w.Write(a.RequestId);
        w.Write(a.Item);
        w.Write(a.Features);
        w.Flush();
    }

    /// <summary>Reads a message of counts: each record an <see cref="OwnerEvent"/> or a <see cref="SourceWatermark"/>.</summary>
    /// <exception cref="MessageFormatException">It cannot be read; then no record of it was.</exception>
    public static object[] DecodeCounts(ReadOnlyMemory<byte> value) => RecordFrame.Read<object>(value, 2, static (ref MessagePackReader r, int fields) =>
        fields <= 3
            ? new SourceWatermark(r.ReadInt32(), r.ReadInt64(), fields == 3 && r.ReadBoolean())
            : new OwnerEvent(r.ReadInt32(), MessageCodec.Text(ref r), r.ReadInt64(), MessageCodec.Text(ref r), r.ReadInt64(), MessageCodec.Text(ref r), MessageCodec.Text(ref r),
                MessageCodec.ReadValues(ref r), r.ReadString()));

    /// <summary>Reads a message of answers.</summary>
    /// <exception cref="MessageFormatException">It cannot be read; then no record of it was.</exception>
    public static OwnerAnswer[] DecodeAnswers(ReadOnlyMemory<byte> value) => RecordFrame.Read(value, 6, static (ref MessagePackReader r, int _) =>
        new OwnerAnswer(r.ReadInt32(), r.ReadInt64(), MessageCodec.Text(ref r), MessageCodec.Text(ref r), MessageCodec.Text(ref r), MessageCodec.Bytes(ref r)));
}
