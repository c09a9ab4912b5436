using System.Text;
using MessagePack;

namespace Ranking.Streams.Contracts;

/// <summary>Messages of topic rows: the key names kind and id, the value holds the packed row; no value deletes it.</summary>
public static class RowMessages
{
    /// <summary>The key of an entity's row.</summary>
    public static byte[] Key(string kind, string id) => Encoding.UTF8.GetBytes($"{kind}:{id}");

    /// <summary>Kind and id of a row's key.</summary>
    /// <exception cref="MessageFormatException">It holds no colon.</exception>
    public static (string Kind, string Id) ReadKey(byte[] key)
    {
        string text = Encoding.UTF8.GetString(key);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? (text[..colon], text[(colon + 1)..]) : throw new MessageFormatException($"key '{text}' of topic rows; KIND:ID was expected");
    }

    /// <summary>A row.</summary>
    public static byte[] Encode(byte[] row) => MessageCodec.Write(1, row, static (ref MessagePackWriter w, byte[] b) => w.Write(b));

    /// <summary>Reads a row.</summary>
    /// <exception cref="MessageFormatException">It cannot be read.</exception>
    public static byte[] Decode(ReadOnlyMemory<byte> value) => MessageCodec.Read(value, 1, static (ref MessagePackReader r, int _) => MessageCodec.Bytes(ref r));
}
