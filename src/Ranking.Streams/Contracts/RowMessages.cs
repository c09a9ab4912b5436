using System.Globalization;
using System.Text;
using Confluent.Kafka;
using MessagePack;

namespace Ranking.Streams.Contracts;

/// <summary>
/// Messages of topic rows: the key names kind and id, the value holds the packed row; no value deletes it, and a header says as of when.
/// </summary>
public static class RowMessages
{
    const string GoneHeader = "gone";

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

    /// <summary>The headers of a deletion.</summary>
    /// <param name="watermarkMs">The watermark at which the entity was found to be gone, Unix milliseconds.</param>
    public static Headers Gone(long watermarkMs) => [new Header(GoneHeader, Encoding.ASCII.GetBytes(watermarkMs.ToString(CultureInfo.InvariantCulture)))];

    /// <summary>The watermark of a deletion; null where the headers have none.</summary>
    public static long? GoneMs(Headers? headers) =>
        headers is not null && headers.TryGetLastBytes(GoneHeader, out byte[] text) && long.TryParse(text, CultureInfo.InvariantCulture, out long watermarkMs) ? watermarkMs : null;

    /// <summary>A row.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> row) => MessageCodec.Write(1, row, static (ref MessagePackWriter w, ReadOnlySpan<byte> b) => w.Write(b));

    /// <summary>Reads a row.</summary>
    /// <exception cref="MessageFormatException">It cannot be read.</exception>
    public static byte[] Decode(ReadOnlyMemory<byte> value) => MessageCodec.Read(value, 1, static (ref MessagePackReader r, int _) => MessageCodec.Bytes(ref r));
}
