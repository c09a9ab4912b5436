using System.Buffers;
using System.Text;
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

    const int LongestRemembered = 32;

    [ThreadStatic]
    static ArrayBufferWriter<byte>? scratch;

    [ThreadStatic]
    static string?[]? remembered;

    /// <summary>Writes one message.</summary>
    public static byte[] Write<T>(int fields, T value, WriteFields<T> write) where T : allows ref struct
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
    public static T Read<T>(ReadOnlyMemory<byte> message, int atLeast, ReadFields<T> read) =>
        Read(message, atLeast, read, static (ref MessagePackReader reader, int fields, ReadFields<T> read) => read(ref reader, fields));

    /// <inheritdoc cref="Read{T}"/>
    public static T Read<T, TWith>(ReadOnlyMemory<byte> message, int atLeast, TWith with, ReadFields<T, TWith> read)
    {
        var reader = new MessagePackReader(message);
        try
        {
            int fields = reader.ReadArrayHeader() - 1;
            int version = fields < 0 ? throw new MessageFormatException("message is an empty array; a version was expected") : reader.ReadInt32();
            if (version != Version) throw new MessageFormatException($"message of version {version}; this program reads {Version}");
            if (fields < atLeast) throw new MessageFormatException($"message has {fields} fields; at least {atLeast} were expected");
            return read(ref reader, fields, with);
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
            case MessagePackType.String: return FieldValue.Of(Text(ref reader));
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

    /// <summary>A text. Kinds, context values and popular items come again and again: one that its slot remembers is not made anew.</summary>
    public static string Text(ref MessagePackReader reader)
    {
        if (!reader.TryReadStringSpan(out ReadOnlySpan<byte> utf8)) return reader.ReadString() ?? throw new MessageFormatException("a text is nil");
        if (utf8.Length > LongestRemembered) return Encoding.UTF8.GetString(utf8);
        uint hash = 0;
        foreach (byte b in utf8) hash = hash * 31 + b;
        ref string? slot = ref (remembered ??= new string?[4096])[hash & 4095];
        return slot is not null && Ascii.Equals(utf8, slot) ? slot : slot = Encoding.UTF8.GetString(utf8);
    }

    public static byte[] Bytes(ref MessagePackReader reader) =>
        reader.ReadBytes() is { } bytes ? bytes.ToArray() : throw new MessageFormatException("bytes are nil");

    public delegate void WriteFields<T>(ref MessagePackWriter writer, T value) where T : allows ref struct;

    public delegate T ReadFields<T>(ref MessagePackReader reader, int fields);

    public delegate T ReadFields<T, TWith>(ref MessagePackReader reader, int fields, TWith with);
}
