using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Ranking.Models.Tables;

/// <summary>Ids as the bytes by which tables know them.</summary>
static class IdBytes
{
    /// <summary>The longest id, in bytes.</summary>
    public const int Most = 512;

    /// <summary>An id's UTF-8.</summary>
    /// <exception cref="ArgumentException">Not 1 to 512 bytes of UTF-8.</exception>
    public static ReadOnlySpan<byte> Of(string id, Span<byte> buffer, string table)
    {
        // Not Encoding.UTF8, which would turn every lone surrogate into the same character.
        OperationStatus status = Utf8.FromUtf16(id, buffer, out _, out int length, replaceInvalidSequences: false);
        if (status == OperationStatus.Done && length > 0) return buffer[..length];
        string found = status == OperationStatus.InvalidData ? "text that is not well-formed" : $"{Encoding.UTF8.GetByteCount(id)} bytes";
        throw new ArgumentException($"table '{table}': found an id of {found}, expected 1 to {Most} bytes of UTF-8", nameof(id));
    }
}
