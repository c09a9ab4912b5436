using System.Buffers;
using MessagePack;
using Ranking.Features.Events;

namespace Ranking.Streams.Contracts;

/// <summary>
/// How our messages are written: a MessagePack array, its first element the version. Fields that a newer minor writer appends are
/// skipped; unknown versions are refused (streams.md, section 1). Read with untrusted-data settings: no types, only what is asked for.
/// </summary>
static class MessageCodec
{
    public const int Version = 1;

    [ThreadStatic]
    static ArrayBufferWriter<byte>? scratch;

    /// <summary>Writes one message.</summary>
    public static byte[] Write<T>(int fields, T value, WriteFields<T> write)
    {
        ArrayBufferWriter<byte> buffer = scratch ??= new(4096);
        buffer.ResetWrittenCount();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(fields + 1);
        writer.Write(Version);
        write(ref writer, value);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads one message.</summary>
    /// <exception cref="MessageFormatException">It cannot be read; the message says why.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> message, int atLeast, ReadFields<T> read)
    {
        var reader = new MessagePackReader(message);
        try
        {
            int fields = reader.ReadArrayHeader() - 1;
            int version = fields < 0 ? throw new MessageFormatException("message is an empty array; a version was expected") : reader.ReadInt32();
            if (version != Version) throw new MessageFormatException($"message of version {version}; this program reads {Version}");
            if (fields < atLeast) throw new MessageFormatException($"message has {fields} fields; at least {atLeast} were expected");
            return read(ref reader, fields);
        }
        catch (Exception e) when (e is MessagePackSerializationException or EndOfStreamException or InvalidOperationException or OverflowException or InvalidDataException)
        {
            throw new MessageFormatException($"message cannot be read: {e.Message}", e);
        }
    }

    public static void Write(ref MessagePackWriter writer, FieldValue value)
    {
        if (value.Number is { } number) writer.Write(number);
        else if (value.Id is { } id) writer.Write(id);
        else if (value.Ids is { } ids)
        {
            writer.WriteArrayHeader(ids.Length);
            foreach (string each in ids) writer.Write(each);
        }
        else writer.WriteNil();
    }

    public static FieldValue ReadValue(ref MessagePackReader reader)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Nil: reader.ReadNil(); return FieldValue.Missing;
            case MessagePackType.String: return FieldValue.Of(reader.ReadString());
            case MessagePackType.Integer: return FieldValue.Of((double)reader.ReadInt64());
            case MessagePackType.Float: return FieldValue.Of(reader.ReadDouble());
            case MessagePackType.Array:
                var ids = new string[reader.ReadArrayHeader()];
                for (int i = 0; i < ids.Length; i++) ids[i] = Text(ref reader);
                return FieldValue.Of(ids);
            default: throw new MessageFormatException($"a field's value is a {reader.NextMessagePackType}; nil, text, number or list was expected");
        }
    }

    public static void Write(ref MessagePackWriter writer, FieldValue[] values)
    {
        writer.WriteArrayHeader(values.Length);
        foreach (FieldValue value in values) Write(ref writer, value);
    }

    public static FieldValue[] ReadValues(ref MessagePackReader reader)
    {
        var values = new FieldValue[reader.ReadArrayHeader()];
        for (int i = 0; i < values.Length; i++) values[i] = ReadValue(ref reader);
        return values;
    }

    public static string Text(ref MessagePackReader reader) => reader.ReadString() ?? throw new MessageFormatException("a text is nil");

    public static byte[] Bytes(ref MessagePackReader reader) =>
        reader.ReadBytes() is { } bytes ? bytes.ToArray() : throw new MessageFormatException("bytes are nil");

    public delegate void WriteFields<T>(ref MessagePackWriter writer, T value);

    public delegate T ReadFields<T>(ref MessagePackReader reader, int fields);
}
