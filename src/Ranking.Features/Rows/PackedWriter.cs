using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Ranking.Features.Events;

namespace Ranking.Features.Rows;

/// <summary>Writes the packed form of rows and answers: variable-length integers, length-prefixed UTF-8, little-endian floats.</summary>
public sealed class PackedWriter
{
    readonly ArrayBufferWriter<byte> buffer = new(256);

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => buffer.WrittenSpan;

    /// <summary>Empties the writer for the next value.</summary>
    public void Clear() => buffer.ResetWrittenCount();

    /// <summary>A byte.</summary>
    public void Byte(byte value)
    {
        buffer.GetSpan(1)[0] = value;
        buffer.Advance(1);
    }

    /// <summary>An unsigned integer, seven bits a byte.</summary>
    public void UInt(ulong value)
    {
        Span<byte> span = buffer.GetSpan(10);
        int n = 0;
        for (; value >= 0x80; value >>= 7) span[n++] = (byte)(value | 0x80);
        span[n++] = (byte)value;
        buffer.Advance(n);
    }

    /// <summary>A signed integer (zigzag).</summary>
    public void Int(long value) => UInt((ulong)(value << 1 ^ value >> 63));

    /// <summary>An amount in millionths: whole ones, by far the most, take as few bytes as the integer.</summary>
    public void Amount(long millionths)
    {
        bool whole = millionths % Feedback.One == 0;
        long value = whole ? millionths / Feedback.One : millionths;
        UInt((ulong)(value << 1 ^ value >> 63) << 1 | (whole ? 0u : 1u));
    }

    /// <summary>A single-precision number.</summary>
    public void Float(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
    }

    /// <summary>A double-precision number.</summary>
    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(buffer.GetSpan(8), value);
        buffer.Advance(8);
    }

    /// <summary>Text in UTF-8, or null.</summary>
    public void Text(string? text)
    {
        if (text is null) { UInt(0); return; }
        int length = Encoding.UTF8.GetByteCount(text);
        UInt((ulong)length + 1);
        Encoding.UTF8.GetBytes(text, buffer.GetSpan(length));
        buffer.Advance(length);
    }

    /// <summary>Bytes with their length in front.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        UInt((ulong)bytes.Length);
        buffer.Write(bytes);
    }

    /// <summary>A field's value.</summary>
    public void Value(FieldValue value)
    {
        if (value.Number is { } number) { Byte(2); Double(number); }
        else if (value.Id is { } id) { Byte(1); Text(id); }
        else if (value.Ids is { } ids)
        {
            Byte(3);
            UInt((ulong)ids.Length);
            foreach (string each in ids) Text(each);
        }
        else if (value.Vector is { } vector)
        {
            Byte(4);
            UInt((ulong)vector.Length);
            foreach (float each in vector) Float(each);
        }
        else if (value.NumbersById is { } numbers)
        {
            Byte(5);
            UInt((ulong)numbers.Ids.Length);
            for (int i = 0; i < numbers.Ids.Length; i++)
            {
                Text(numbers.Ids[i]);
                Float(numbers.Numbers[i]);
            }
        }
        else Byte(0);
    }
}
