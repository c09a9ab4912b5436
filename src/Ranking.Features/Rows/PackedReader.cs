using System.Buffers.Binary;
using System.Text;
using Ranking.Features.Events;

namespace Ranking.Features.Rows;

/// <summary>Reads what <see cref="PackedWriter"/> wrote. Bytes from a network are not trusted: anything malformed is an <see cref="InvalidDataException"/>.</summary>
public ref struct PackedReader(ReadOnlySpan<byte> data)
{
    ReadOnlySpan<byte> rest = data;

    /// <summary>What was not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => rest;

    /// <inheritdoc cref="PackedWriter.Byte"/>
    public byte Byte() => Take(1)[0];

    /// <inheritdoc cref="PackedWriter.UInt"/>
    public ulong UInt()
    {
        ulong value = 0;
        for (int i = 0, shift = 0; i < rest.Length && shift < 64; i++, shift += 7)
        {
            byte b = rest[i];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) { rest = rest[(i + 1)..]; return value; }
        }
        throw new InvalidDataException("packed integer is cut short");
    }

    /// <summary>A count of things that take at least one byte each.</summary>
    public int Count()
    {
        ulong n = UInt();
        return n <= (ulong)rest.Length ? (int)n : throw new InvalidDataException($"packed count {n} is more than the {rest.Length} bytes that follow");
    }

    /// <inheritdoc cref="PackedWriter.Int"/>
    public long Int()
    {
        ulong value = UInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <inheritdoc cref="PackedWriter.Amount"/>
    public long Amount()
    {
        ulong value = UInt();
        long signed = (long)(value >> 2) ^ -(long)(value >> 1 & 1);
        return (value & 1) == 0 ? signed * Feedback.One : signed;
    }

    /// <inheritdoc cref="PackedWriter.Float"/>
    public float Float() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    /// <inheritdoc cref="PackedWriter.Double"/>
    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <inheritdoc cref="PackedWriter.Text"/>
    public string? Text()
    {
        ulong length = UInt();
        return length == 0 ? null : Encoding.UTF8.GetString(Take(length - 1));
    }

    /// <summary>The UTF-8 bytes of a text; empty for null.</summary>
    public ReadOnlySpan<byte> TextBytes()
    {
        ulong length = UInt();
        return length == 0 ? [] : Take(length - 1);
    }

    /// <inheritdoc cref="PackedWriter.Bytes"/>
    public ReadOnlySpan<byte> Bytes() => Take(UInt());

    /// <inheritdoc cref="PackedWriter.Value"/>
    public FieldValue Value()
    {
        byte kind = Byte();
        switch (kind)
        {
            case 0: return FieldValue.Missing;
            case 1: return FieldValue.Of(Text());
            case 2: return FieldValue.Of(Double());
            case 3:
                var ids = new string[Count()];
                for (int i = 0; i < ids.Length; i++) ids[i] = Text() ?? throw new InvalidDataException("a list of ids holds null");
                return FieldValue.Of(ids);
            case 4:
                var vector = new float[Count()];
                for (int i = 0; i < vector.Length; i++) vector[i] = Float();
                return FieldValue.Of(vector);
            case 5:
                var pairs = new KeyValuePair<string, float>[Count()];
                for (int i = 0; i < pairs.Length; i++) pairs[i] = new(Text() ?? throw new InvalidDataException("a number's id is null"), Float());
                return FieldValue.Of(new NumbersById(pairs));
            default: throw new InvalidDataException($"packed value of kind {kind}; 0 to 5 are known");
        }
    }

    ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)rest.Length) throw new InvalidDataException($"packed value is cut short: {length} bytes wanted, {rest.Length} there");
        ReadOnlySpan<byte> taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }
}
