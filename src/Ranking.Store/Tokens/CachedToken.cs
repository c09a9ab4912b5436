using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Ranking.Store.Tokens;

/// <summary>
/// A cached item token's bytes: a 64-bit hash of the static inputs it was computed from, then the token's D float32 and the group's
/// share of the global token's first linear layer, H float32, all little-endian. A token whose hash or length differs is a miss.
/// </summary>
public static class CachedToken
{
    /// <summary>Number of this form. It is the seed of <see cref="HashInputs"/>, so a token of another form is a miss.</summary>
    public const int Format = 1;

    const int HashBytes = sizeof(ulong);

    /// <summary>Hash of a group's static inputs in whatever canonical bytes the caller writes them.</summary>
    public static ulong HashInputs(ReadOnlySpan<byte> inputs) => XxHash3.HashToUInt64(inputs, Format);

    /// <summary>Length in bytes of a token of D and H floats.</summary>
    public static int Length(int token_D, int share_H) => HashBytes + sizeof(float) * (token_D + share_H);

    /// <summary>Writes a token.</summary>
    public static byte[] Write(ulong inputsHash, ReadOnlySpan<float> token_D, ReadOnlySpan<float> share_H)
    {
        byte[] bytes = new byte[Length(token_D.Length, share_H.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, inputsHash);
        MemoryMarshal.AsBytes(token_D).CopyTo(bytes.AsSpan(HashBytes));
        MemoryMarshal.AsBytes(share_H).CopyTo(bytes.AsSpan(HashBytes + sizeof(float) * token_D.Length));
        return bytes;
    }

    /// <summary>Reads a token straight into the rows of the model's input buffers.</summary>
    /// <returns>False for a miss: other inputs, another length, or numbers that are not finite. The spans are then undefined.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ulong inputsHash, Span<float> token_D, Span<float> share_H)
    {
        if (bytes.Length != Length(token_D.Length, share_H.Length)) return false;
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != inputsHash) return false;
        bytes = bytes[HashBytes..];
        int tokenBytes = sizeof(float) * token_D.Length;
        bytes[..tokenBytes].CopyTo(MemoryMarshal.AsBytes(token_D));
        bytes[tokenBytes..].CopyTo(MemoryMarshal.AsBytes(share_H));
        return AllFinite(token_D) && AllFinite(share_H);
    }

    static bool AllFinite(ReadOnlySpan<float> values)
    {
        foreach (float v in values)
            if (!float.IsFinite(v)) return false;
        return true;
    }
}
