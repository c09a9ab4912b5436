using System.Runtime.InteropServices;

namespace Ranking.Models.Tables;

/// <summary>Reads what a table's file holds, and refuses what no table can have.</summary>
/// <param name="reader">Of the file.</param>
/// <param name="length">Bytes of the file.</param>
sealed class StoredEntries(BinaryReader reader, long length)
{
    readonly byte[] key = new byte[IdBytes.Most];

    public BinaryReader Reader => reader;

    public static void Require(bool holds, string what)
    {
        if (!holds) throw new InvalidDataException(what);
    }

    /// <summary>A number of things of at least so many bytes each.</summary>
    public int Count(int least)
    {
        int count = reader.ReadInt32();
        Require(count >= 0 && (long)count * least <= length - reader.BaseStream.Position, $"found a count of {count}, more than the file can hold");
        return count;
    }

    /// <summary>An id's bytes; gone with the next one.</summary>
    public ReadOnlySpan<byte> Key()
    {
        int bytes = reader.ReadUInt16();
        Require(bytes is > 0 and <= IdBytes.Most, $"found an id of {bytes} bytes, expected 1 to {IdBytes.Most}");
        reader.BaseStream.ReadExactly(key.AsSpan(0, bytes));
        return key.AsSpan(0, bytes);
    }

    /// <summary>A row's numbers, its sums too where the file has them; as many of them as the table keeps.</summary>
    public void Numbers(float[] buffer, Span<float> to)
    {
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(buffer.AsSpan()));
        Require(!buffer.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue), "found a number that is not finite");
        buffer.AsSpan(0, to.Length).CopyTo(to);
    }
}
