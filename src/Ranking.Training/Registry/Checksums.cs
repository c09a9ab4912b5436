using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ranking.Features.Errors;

namespace Ranking.Training.Registry;

/// <summary>
/// The file <c>checksums</c> of a folder: SHA-256 of every other file, in the form that <c>sha256sum -c</c> reads, under a first line
/// with the number of the folder's format and the SHA-256 of the lines themselves.
/// </summary>
public static class Checksums
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "checksums";

    /// <summary>Writes the file for what is in the folder now.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="format">Number of the folder's format.</param>
    /// <param name="former">A folder whose checksums are known.</param>
    /// <param name="kept">The files that are the same there, which are not read again.</param>
    public static void Write(string folder, int format, string? former = null, IReadOnlySet<string>? kept = null)
    {
        Dictionary<string, string> known = kept is null || former is null ? []
            : File.ReadLines(Path.Combine(former, FileName)).Skip(1).ToDictionary(line => line[66..], line => line[..64], StringComparer.Ordinal);
        StringBuilder lines = new();
        foreach (string file in FilesOf(folder)) lines.Append(kept?.Contains(file) == true ? known[file] : HashOfFile(Path.Combine(folder, file))).Append("  ").Append(file).Append('\n');
        File.WriteAllText(Path.Combine(folder, FileName), $"# format {format}, sha256 of the lines below {HashOf(lines.ToString())}\n{lines}");
    }

    /// <summary>Checks that the folder holds exactly the files that were written, bit for bit.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="format">The newest format that is understood.</param>
    /// <param name="what">What the folder is, for the message.</param>
    /// <exception cref="RegistryException">A file is wrong, missing or unknown (it is named), or the format is newer.</exception>
    public static void Verify(string folder, int format, string what)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{FileName}' is missing in {folder}.", FileName);
        string[] parts = File.ReadAllText(path).Split('\n', 2);
        string[] header = parts[0].Split(' ');
        if (parts.Length != 2 || header.Length != 9 || !parts[0].StartsWith("# format ", StringComparison.Ordinal)
            || !int.TryParse(header[2].TrimEnd(','), NumberStyles.None, CultureInfo.InvariantCulture, out int found))
            throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{FileName}' does not begin with its format.", FileName);
        if (found > format) throw new RegistryException(ErrorCodes.FormatNewer, $"{what} has format {found}; this program reads up to format {format}. Use a newer one.", FileName);
        if (header[8] != HashOf(parts[1])) throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{FileName}' is not what was written.", FileName);

        SortedSet<string> present = new(FilesOf(folder), StringComparer.Ordinal);
        foreach (string line in parts[1].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length < 67) throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{FileName}' has the line '{line}'; expected a SHA-256, two spaces and a path.", FileName);
            (string hash, string file) = (line[..64], line[66..]);
            if (!present.Remove(file)) throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{file}' is missing.", file);
            if (HashOfFile(Path.Combine(folder, file)) != hash) throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{file}' is not what was written (its SHA-256 differs).", file);
        }
        if (present.Count > 0) throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{present.Min}' does not belong to it.", present.Min);
    }

    /// <summary>SHA-256 of a text's UTF-8, in lower-case hexadecimal.</summary>
    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    static string HashOfFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>All files below the folder but the checksums, by path relative to it, in order of bytes.</summary>
    static IEnumerable<string> FilesOf(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(folder, f)).Where(f => f != FileName).Order(StringComparer.Ordinal);
}
