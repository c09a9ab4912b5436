using System.Text.Json.Serialization;
using System.Text.Json;
using Ranking.Features.Errors;

namespace Ranking.Training.Registry;

/// <summary>The file <c>promoted</c> of a model: which version serves, and which served before it.</summary>
/// <param name="Format">Number of the file's format.</param>
/// <param name="Version">The version that serves.</param>
/// <param name="Previous">Those that served before, the latest last.</param>
public sealed record Promotion(
    [property: JsonPropertyName("format")] int Format,
    [property: JsonPropertyName("version")] int Version,
    [property: JsonPropertyName("previous")] IReadOnlyList<int> Previous)
{
    /// <summary>The newest format that is understood.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Name of the file.</summary>
    public const string FileName = "promoted";

    /// <summary>Reads a model's pointer.</summary>
    /// <param name="modelFolder">The model's folder.</param>
    /// <returns>The pointer, or null where nothing was ever promoted.</returns>
    /// <exception cref="RegistryException">The file is damaged or of a newer format.</exception>
    public static Promotion? Read(string modelFolder)
    {
        string path = Path.Combine(modelFolder, FileName);
        Promotion? read;
        try
        {
            read = JsonSerializer.Deserialize<Promotion>(File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException error)
        {
            throw new RegistryException(ErrorCodes.VersionDamaged, $"{path} is damaged: {error.Message}", FileName, error);
        }
        if (read is { Format: > CurrentFormat })
            throw new RegistryException(ErrorCodes.FormatNewer, $"{path} has format {read.Format}; this program reads up to format {CurrentFormat}. Use a newer one.", FileName);
        return read is { Format: > 0, Version: > 0, Previous: not null } ? read : throw new RegistryException(ErrorCodes.VersionDamaged, $"{path} is damaged: it names no version.", FileName);
    }

    internal void Write(string modelFolder) => AtomicFile.Write(Path.Combine(modelFolder, FileName), JsonSerializer.SerializeToUtf8Bytes(this));
}
