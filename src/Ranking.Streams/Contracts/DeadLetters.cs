using MessagePack;

namespace Ranking.Streams.Contracts;

/// <summary>A message that could not be used, with the reason, in a <c>*.dead</c> or <c>*.late</c> topic.</summary>
/// <param name="Reason">Why it could not be used.</param>
/// <param name="Offset">Its offset in the source topic; -1 if it had been read before it was refused.</param>
/// <param name="Value">Its value as it was.</param>
public sealed record DeadLetter(string Reason, long Offset, byte[] Value);

/// <summary>Messages of side topics.</summary>
public static class DeadLetters
{
    /// <summary>A message of a side topic.</summary>
    public static byte[] Encode(string reason, long offset, byte[] value) => MessageCodec.Write(3, (reason, offset, value), static (ref MessagePackWriter w, (string Reason, long Offset, byte[] Value) d) =>
    {
        w.Write(d.Reason);
        w.Write(d.Offset);
        w.Write(d.Value);
    });

    /// <summary>Reads a message of a side topic.</summary>
    /// <exception cref="MessageFormatException">It cannot be read.</exception>
    public static DeadLetter Decode(ReadOnlyMemory<byte> value) => MessageCodec.Read(value, 3, static (ref MessagePackReader r, int _) =>
        new DeadLetter(MessageCodec.Text(ref r), r.ReadInt64(), MessageCodec.Bytes(ref r)));
}
