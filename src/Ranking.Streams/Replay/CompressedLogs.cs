using System.IO.Compression;
using Ranking.Features.Errors;

namespace Ranking.Streams.Replay;

/// <summary>
/// Refuses compressed logs that are not whole, by reading them once to their ends. DuckDB takes a .gz file that is cut off for a
/// shorter one: a copy that broke half-way would silently be a log with fewer events.
/// </summary>
static class CompressedLogs
{
    /// <summary>Checks every .gz file of a folder. The process needs <c>System.IO.Compression.UseStrictValidation</c>.</summary>
    /// <exception cref="RankingException">RNK1008: one is cut off or damaged.</exception>
    public static void Check(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*.gz", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            using FileStream stored = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            using GZipStream content = new(stored, CompressionMode.Decompress);
            try
            {
                content.CopyTo(Stream.Null, 1 << 20);
            }
            catch (InvalidDataException e)
            {
                throw new RankingException(ErrorCodes.RawLogDamaged, $"{file}: after {stored.Position} of {stored.Length} bytes: {e.Message}", e);
            }
        }
    }
}
