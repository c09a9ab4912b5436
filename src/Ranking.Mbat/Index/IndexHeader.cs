using System.Buffers.Binary;
using System.Text;

namespace Ranking.Mbat;

/// <summary>
/// The first 256 bytes of an index file, little-endian: magic, format number, dimension, count, seed, kind of keys, the
/// settings' hash, and where each section starts. Sections are aligned to 64 bytes: floats (count × D), 8-bit codes
/// (count × D), their scales (count floats), hashes of ids with rows in rising order (count × 8 + count × 4), ends of
/// ids (count × 8), ids (UTF-8), settings (JSON); in format 2 also ends of payloads (count × 8) and payloads.
/// </summary>
internal sealed record IndexHeader
{
    public const int Size = 256;
    public const int LatestFormat = 2;
    private static ReadOnlySpan<byte> Magic => "MBATINDX"u8;

    /// <summary>2 with payloads, 1 without.</summary>
    public required int Format { get; init; }

    public required int Dimension { get; init; }
    public required long Count { get; init; }
    public required ulong Seed { get; init; }
    public required KeyKind Keys { get; init; }
    public required string SettingsHash { get; init; }
    public required long IdsLength { get; init; }
    public required long SettingsLength { get; init; }
    public long PayloadsLength { get; init; }

    public long Vectors => Size;
    public long Codes => Align(Vectors + Count * Dimension * 4);
    public long Scales => Align(Codes + Count * Dimension);
    public long IdHashes => Align(Scales + Count * 4);
    public long IdRows => Align(IdHashes + Count * 8);
    public long IdEnds => Align(IdRows + Count * 4);
    public long Ids => Align(IdEnds + Count * 8);
    public long SettingsJson => Align(Ids + IdsLength);
    public long PayloadEnds => Align(SettingsJson + SettingsLength);
    public long Payloads => Align(PayloadEnds + Count * 8);
    public long FileLength => Format == 1 ? SettingsJson + SettingsLength : Payloads + PayloadsLength;

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Format);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Dimension);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Count);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), Seed);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(32), (int)Keys);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), IdsLength);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), SettingsLength);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(56), PayloadsLength);
        Encoding.ASCII.GetBytes(SettingsHash, bytes.AsSpan(64));
        return bytes;
    }

    /// <exception cref="InvalidDataException">No index file, of a later format, or cut short.</exception>
    public static IndexHeader Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] bytes = new byte[Size];
        if (file.ReadAtLeast(bytes, Size, throwOnEndOfStream: false) < Size || !bytes.AsSpan().StartsWith(Magic))
            throw new InvalidDataException($"{path}: this is no index file");
        int format = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
        if (format is < 1 or > LatestFormat)
            throw new InvalidDataException($"{path}: its format is {format}, 1 to {LatestFormat} is what this version reads");
        IndexHeader header = new()
        {
            Format = format,
            Dimension = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)),
            Count = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)),
            Seed = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24)),
            Keys = (KeyKind)BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(32)),
            IdsLength = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40)),
            SettingsLength = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(48)),
            PayloadsLength = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(56)),
            SettingsHash = Encoding.ASCII.GetString(bytes, 64, 32),
        };
        bool sound = header.Dimension is >= 16 and <= 65536 && header.Dimension % 16 == 0 && header.Count is >= 0 and <= int.MaxValue
            && header.IdsLength >= 0 && header.IdsLength <= file.Length && header.SettingsLength is > 0 and <= int.MaxValue
            && header.PayloadsLength >= 0 && header.PayloadsLength <= file.Length;
        if (!sound || header.FileLength != file.Length)
            throw new InvalidDataException($"{path}: it holds {file.Length} bytes, which its header does not account for; build it again");
        return header;
    }

    private static long Align(long offset) => (offset + 63) & ~63L;
}
