using System.Buffers;
using MessagePack;

namespace Ranking.Streams.Contracts;

/// <summary>Records that travel in one message: a MessagePack array of the version and then each record as an array of its fields.</summary>
public sealed class RecordFrame
{
    readonly ArrayBufferWriter<byte> records = new(4096);

    /// <summary>Records in it.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that they take.</summary>
    public int Bytes => records.WrittenCount;

    /// <summary>Begins a record; who writes its fields flushes the writer.</summary>
    internal MessagePackWriter Begin(int fields)
    {
        Count++;
        var writer = new MessagePackWriter(records);
        writer.WriteArrayHeader(fields);
        return writer;
    }

    /// <summary>The message; the frame is empty after it.</summary>
    public byte[] Take()
    {
        var message = new ArrayBufferWriter<byte>(records.WrittenCount + 8);
        var writer = new MessagePackWriter(message);
        writer.WriteArrayHeader(Count + 1);
        writer.Write(MessageCodec.Version);
        writer.WriteRaw(records.WrittenSpan);
        writer.Flush();
        records.ResetWrittenCount();
        Count = 0;
        return message.WrittenSpan.ToArray();
    }

    /// <summary>Reads all records of a message, or none.</summary>
    internal static T[] Read<T>(ReadOnlyMemory<byte> message, int atLeast, MessageCodec.ReadFields<T> read) =>
        MessageCodec.Read(message, 0, (ref MessagePackReader reader, int count) =>
        {
            var records = new T[count];
            for (int i = 0; i < count; i++)
            {
                int fields = reader.ReadArrayHeader();
                if (fields < atLeast) throw new MessageFormatException($"record {i} has {fields} fields; at least {atLeast} were expected");
                MessagePackReader own = reader;
                records[i] = read(ref own, fields);
                for (; fields > 0; fields--) reader.Skip(); // what a newer writer appended is skipped with the rest
            }
            return records;
        });
}
