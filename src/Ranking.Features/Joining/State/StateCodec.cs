using Ranking.Features.Events;
using Ranking.Features.Rows;

namespace Ranking.Features.Joining.State;

/// <summary>The bytes of a task's state, but for entities (<see cref="EntityState.WriteState"/>). What is malformed is an <see cref="InvalidDataException"/>.</summary>
public static class StateCodec
{
    /// <summary>Writes a source event.</summary>
    public static void Write(PackedWriter writer, SourceEvent sourceEvent)
    {
        writer.Byte((byte)sourceEvent.KindRank);
        writer.Int(sourceEvent.TimeMs);
        switch (sourceEvent)
        {
            case Impression i:
                writer.Text(i.RequestId);
                writer.Text(i.User);
                writer.Text(i.Item);
                writer.Int(i.Position is { } position ? position : long.MinValue);
                Write(writer, i.Context);
                break;
            case Served s:
                writer.Text(s.RequestId);
                writer.Text(s.User);
                writer.Text(s.Item);
                writer.Text(s.Model);
                writer.Text(s.FeatureHash);
                writer.Int(s.Place is { } place ? place : long.MinValue);
                writer.Value(FieldValue.Of(s.Degraded));
                writer.Bytes(s.Features);
                break;
            case Feedback f:
                writer.Text(f.RequestId);
                writer.Text(f.User);
                writer.Text(f.Item);
                writer.Text(f.Kind);
                writer.Amount(f.Value);
                break;
            case EntityDocument d:
                writer.Text(d.Kind);
                writer.Text(d.Id);
                writer.Byte(d.Json is null ? (byte)0 : (byte)1);
                writer.Bytes(d.Json);
                break;
        }
    }

    /// <summary>Reads a source event.</summary>
    public static SourceEvent ReadEvent(ref PackedReader reader)
    {
        byte kind = reader.Byte();
        long timeMs = reader.Int();
        switch (kind)
        {
            case 0:
                (string of, string id) = (Text(ref reader), Text(ref reader));
                bool deleted = reader.Byte() == 0;
                ReadOnlySpan<byte> json = reader.Bytes();
                return new EntityDocument(timeMs, of, id, deleted ? null : json.ToArray());
            case 1:
                return new Impression(timeMs, Text(ref reader), Text(ref reader), Text(ref reader), Place(ref reader), ReadValues(ref reader));
            case 2:
                return new Served(timeMs, Text(ref reader), Text(ref reader), Text(ref reader), Text(ref reader), Text(ref reader), Place(ref reader),
                    reader.Value().Ids ?? throw new InvalidDataException("stored reasons are no list"), reader.Bytes().ToArray());
            case 3:
                return new Feedback(timeMs, reader.Text(), Text(ref reader), Text(ref reader), Text(ref reader), reader.Amount());
            default: throw new InvalidDataException($"stored event of kind {kind}");
        }
    }

    /// <summary>Writes an impression that waits.</summary>
    public static void Write(PackedWriter writer, WaitingImpression waiting)
    {
        Write(writer, (SourceEvent)waiting.Impression);
        writer.UInt((ulong)waiting.Unanswered);
        writer.UInt((ulong)waiting.Labels.Length);
        foreach (float label in waiting.Labels) writer.Float(label);
        writer.UInt((ulong)waiting.Owners.Length);
        foreach (byte[]? owner in waiting.Owners)
        {
            writer.Byte(owner is null ? (byte)0 : (byte)1);
            writer.Bytes(owner);
        }
        writer.Byte(waiting.Served is null ? (byte)0 : (byte)1);
        if (waiting.Served is { } served) Write(writer, served);
    }

    /// <summary>Reads an impression that waits.</summary>
    public static WaitingImpression ReadWaiting(ref PackedReader reader, long number)
    {
        if (ReadEvent(ref reader) is not Impression impression) throw new InvalidDataException("a stored event that waits is no impression");
        int unanswered = (int)reader.UInt();
        var labels = new float[reader.Count()];
        for (int i = 0; i < labels.Length; i++) labels[i] = reader.Float();
        var owners = new byte[]?[reader.Count()];
        for (int i = 0; i < owners.Length; i++)
        {
            bool known = reader.Byte() == 1;
            byte[] bytes = reader.Bytes().ToArray();
            owners[i] = known ? bytes : null;
        }
        Served? served = reader.Byte() == 0 ? null : ReadEvent(ref reader) as Served ?? throw new InvalidDataException("a stored event that was served is none");
        return new(number, impression, owners, labels, unanswered, served);
    }

    /// <summary>Writes an erasure.</summary>
    public static void Write(PackedWriter writer, Erasure erasure)
    {
        writer.Text(erasure.User);
        writer.Int(erasure.BeforeMs);
    }

    /// <summary>Reads an erasure.</summary>
    public static Erasure ReadErasure(ref PackedReader reader) => new(Text(ref reader), reader.Int());

    /// <summary>Writes a question.</summary>
    public static void Write(PackedWriter writer, OwnerEvent e)
    {
        writer.UInt((ulong)e.Owner);
        writer.Text(e.Id);
        writer.Int(e.TimeMs);
        writer.Text(e.Kind);
        writer.Amount(e.Amount);
        writer.Text(e.User);
        writer.Text(e.Item);
        Write(writer, e.Context);
        writer.Text(e.RequestId);
    }

    /// <summary>Reads a question.</summary>
    public static OwnerEvent ReadQuestion(ref PackedReader reader) =>
        new((int)reader.UInt(), Text(ref reader), reader.Int(), Text(ref reader), reader.Amount(), Text(ref reader), Text(ref reader), ReadValues(ref reader), reader.Text());

    /// <summary>Writes where a task stands.</summary>
    public static void Write(PackedWriter writer, TaskMarks marks)
    {
        Write(writer, marks.Topics);
        writer.Int(marks.WatermarkMs);
        Write(writer, [marks.Published]);
        writer.Int(marks.EmittedMs);
        Write(writer, marks.Sources);
        writer.Byte(marks.Released is null ? (byte)0 : (byte)1);
        if (marks.Released is { } released) Write(writer, released);
        writer.Int(marks.RowRound);
    }

    /// <summary>Reads where a task stood.</summary>
    public static TaskMarks ReadMarks(ref PackedReader reader) => new()
    {
        Topics = ReadWatermarks(ref reader),
        WatermarkMs = reader.Int(),
        Published = ReadWatermarks(ref reader)[0],
        EmittedMs = reader.Int(),
        Sources = ReadWatermarks(ref reader),
        Released = reader.Byte() == 1 ? ReadEvent(ref reader) : null,
        RowRound = reader.Int(),
    };

    static void Write(PackedWriter writer, (long WatermarkMs, bool Idle)[] watermarks)
    {
        writer.UInt((ulong)watermarks.Length);
        foreach ((long watermarkMs, bool idle) in watermarks)
        {
            writer.Int(watermarkMs);
            writer.Byte(idle ? (byte)1 : (byte)0);
        }
    }

    static (long, bool)[] ReadWatermarks(ref PackedReader reader)
    {
        var watermarks = new (long, bool)[reader.Count()];
        for (int i = 0; i < watermarks.Length; i++) watermarks[i] = (reader.Int(), reader.Byte() == 1);
        return watermarks;
    }

    static void Write(PackedWriter writer, FieldValue[] values)
    {
        writer.UInt((ulong)values.Length);
        foreach (FieldValue value in values) writer.Value(value);
    }

    static FieldValue[] ReadValues(ref PackedReader reader)
    {
        var values = new FieldValue[reader.Count()];
        for (int i = 0; i < values.Length; i++) values[i] = reader.Value();
        return values;
    }

    static int? Place(ref PackedReader reader) => reader.Int() is > int.MinValue and var place ? (int)place : null;

    static string Text(ref PackedReader reader) => reader.Text() ?? throw new InvalidDataException("a stored text is null");
}
