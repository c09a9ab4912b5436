using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Ranking.Mbat;

/// <summary>
/// Inverse document frequencies of leaves at their key paths, ln((N + 1)/(n + 1)) + 1 for a leaf that n of N documents
/// hold, in a table of 2^k bytes that leaves share by hash: bounded, and a leaf that was never seen weighs most.
/// </summary>
[JsonConverter(typeof(LeafWeightsJson))]
public sealed class LeafWeights
{
    /// <summary>Steps of a stored weight.</summary>
    internal const double Step = 1.0 / 12;

    private const uint Magic = 0x31464449;
    private readonly byte[] _table;
    private readonly string _hash;

    internal LeafWeights(byte[] table)
    {
        _table = table;
        _hash = Convert.ToHexStringLower(SHA256.HashData(table).AsSpan(0, 16));
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The stream holds no such table.</exception>
    public static LeafWeights Load(Stream stream)
    {
        byte[] header = new byte[8];
        stream.ReadExactly(header);
        int bits = header[4];
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic || bits is < 8 or > 28)
            throw new InvalidDataException("not a table of leaf weights of format 1");
        byte[] table = new byte[1 << bits];
        stream.ReadExactly(table);
        return new(table);
    }

    /// <summary>Writes the table: 8 bytes of header (magic, k) and 2^k bytes.</summary>
    public void Save(Stream stream)
    {
        byte[] header = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        header[4] = (byte)int.Log2(_table.Length);
        stream.Write(header);
        stream.Write(_table);
    }

    /// <summary>A stable name of the table.</summary>
    public string Hash() => _hash;

    /// <summary>Weight of a leaf at a path.</summary>
    internal double this[ulong feature] => _table[(int)(feature & (ulong)(_table.Length - 1))] * Step;
}
