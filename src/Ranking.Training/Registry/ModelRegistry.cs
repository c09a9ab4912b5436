using System.Globalization;
using System.Text.Json;
using Ranking.Features.Errors;

namespace Ranking.Training.Registry;

/// <summary>
/// A folder of models: <c>NAME/V/</c> holds version V, <c>NAME/promoted</c> says which one serves. A version appears in one step,
/// complete, and never changes. Any number of processes may read while one writes.
/// </summary>
/// <param name="folder">The registry's folder; made by the first write.</param>
public sealed class ModelRegistry(string folder)
{
    /// <summary>The newest format of a version's folder that is understood.</summary>
    public const int CurrentFormat = 1;

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>How long a write waits for another writer's to end before it is refused; 10 s by default.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The registry's folder.</summary>
    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>The right to train a model into this registry, for as long as it runs; a second trainer of that name is refused at once.</summary>
    public WriterLock LockForTraining(string name) => WriterLock.Take(Path.Combine(ModelFolder(name), ".training"), TimeSpan.Zero, $"model '{name}' of {Folder}");

    /// <summary>Publishes a version: written aside, checked in, renamed into place. The first version of a model is promoted.</summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="info">Where it comes from; name, number and time are filled in.</param>
    /// <param name="write">Writes the version's files into the folder that it is given.</param>
    /// <param name="promote">Whether the version is to serve though others exist.</param>
    public ModelVersion Publish(string name, VersionInfo info, Action<string> write, bool promote = false)
    {
        string model = ModelFolder(name);
        using WriterLock _ = Lock(name);
        AtomicFile.ClearAside(model);
        int version = Numbers(model).DefaultIfEmpty(0).Max() + 1;
        string aside = Path.Combine(model, AtomicFile.AsidePrefix + Guid.NewGuid().ToString("n"));
        string place = Path.Combine(model, version.ToString(CultureInfo.InvariantCulture));
        info = info with { Name = name, Version = version, Created = DateTimeOffset.UtcNow };
        Directory.CreateDirectory(aside);
        try
        {
            write(aside);
            File.WriteAllBytes(Path.Combine(aside, ModelVersion.InfoFile), JsonSerializer.SerializeToUtf8Bytes(info, Json));
            Checksums.Write(aside, CurrentFormat);
            AtomicFile.MoveFolder(aside, place);
        }
        catch
        {
            if (Directory.Exists(aside)) Directory.Delete(aside, recursive: true);
            throw;
        }
        if (promote || Promotion.Read(model) is null) PromoteLocked(model, version);
        return new ModelVersion(place, info);
    }

    /// <summary>Makes a version serve, once its files are checked.</summary>
    public void Promote(string name, int version)
    {
        Open(name, version);
        using WriterLock _ = Lock(name);
        PromoteLocked(ModelFolder(name), version);
    }

    /// <summary>Makes the version serve that served before; it is checked first.</summary>
    /// <returns>The number of the version that serves now.</returns>
    /// <exception cref="RegistryException">No version served before, or that one is damaged.</exception>
    public int Rollback(string name)
    {
        using WriterLock _ = Lock(name);
        Promotion now = Promotion.Read(ModelFolder(name)) ?? throw new RegistryException(ErrorCodes.RegistryUnusable, $"Model '{name}' of {Folder} has no promoted version to roll back from.");
        if (now.Previous.Count == 0) throw new RegistryException(ErrorCodes.RegistryUnusable, $"Version {now.Version} is the first that '{name}' promoted; there is none to roll back to.");
        int version = now.Previous[^1];
        Open(name, version);
        (now with { Version = version, Previous = [.. now.Previous.SkipLast(1)] }).Write(ModelFolder(name));
        return version;
    }

    /// <summary>Deletes the oldest versions beyond a number, but never the one that serves or the one that a rollback would bring back.</summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="keep">How many versions stay at least.</param>
    /// <returns>The numbers of those that were deleted.</returns>
    public IReadOnlyList<int> Prune(string name, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        string model = ModelFolder(name);
        using WriterLock _ = Lock(name);
        AtomicFile.ClearAside(model);
        Promotion? now = Promotion.Read(model);
        List<int> deleted = [];
        foreach (int version in Versions(name).SkipLast(keep))
        {
            if (version == now?.Version || (now?.Previous.Count > 0 && version == now.Previous[^1])) continue;
            string aside = Path.Combine(model, AtomicFile.AsidePrefix + Guid.NewGuid().ToString("n"));
            Directory.Move(Path.Combine(model, version.ToString(CultureInfo.InvariantCulture)), aside);
            Directory.Delete(aside, recursive: true);
            deleted.Add(version);
        }
        return deleted;
    }

    /// <summary>The number of the version that serves; null where the model has none.</summary>
    public int? Promoted(string name) => Promotion.Read(ModelFolder(name))?.Version;

    /// <summary>Checks every file of a version and opens it.</summary>
    /// <param name="name">Name of the model.</param>
    /// <param name="version">Its number; null is the promoted one.</param>
    /// <exception cref="RegistryException">It does not exist, is damaged (the file is named), or its format is newer.</exception>
    public ModelVersion Open(string name, int? version = null)
    {
        int number = version ?? Promoted(name) ?? throw new RegistryException(ErrorCodes.VersionUnknown, $"Model '{name}' has no promoted version in {Folder}; it has {Describe(Versions(name))}.");
        string place = Path.Combine(ModelFolder(name), number.ToString(CultureInfo.InvariantCulture));
        if (!Directory.Exists(place)) throw new RegistryException(ErrorCodes.VersionUnknown, $"Model '{name}' has no version {number} in {Folder}; it has {Describe(Versions(name))}.");
        string what = $"{name}@{number}";
        Checksums.Verify(place, CurrentFormat, what);
        VersionInfo info = ReadInfo(place, what);
        if (info.Name != name || info.Version != number)
            throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: its '{ModelVersion.InfoFile}' says {info.Name}@{info.Version}; the folder was copied or renamed.", ModelVersion.InfoFile);
        return new ModelVersion(place, info);
    }

    /// <summary>Opens NAME or NAME@V.</summary>
    public ModelVersion Open(VersionName version) => Open(version.Name, version.Version);

    /// <summary>The numbers of a model's versions, ascending.</summary>
    public IReadOnlyList<int> Versions(string name) => [.. Numbers(ModelFolder(name)).Order()];

    /// <summary>The names of the models, in order.</summary>
    public IReadOnlyList<string> Models() => Directory.Exists(Folder)
        ? [.. Directory.EnumerateDirectories(Folder).Where(d => Numbers(d).Any()).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Every version, with why it cannot be read where it cannot; files are not checked, which <see cref="Open(string, int?)"/> does.</summary>
    public IReadOnlyList<VersionLine> List()
    {
        List<VersionLine> lines = [];
        foreach (string name in Models())
        {
            int? promoted = Promoted(name);
            foreach (int version in Versions(name))
            {
                try
                {
                    lines.Add(new VersionLine(name, version, version == promoted, ReadInfo(Path.Combine(ModelFolder(name), $"{version}"), $"{name}@{version}"), null));
                }
                catch (RegistryException error)
                {
                    lines.Add(new VersionLine(name, version, version == promoted, null, error.Message));
                }
            }
        }
        return lines;
    }

    internal string ModelFolder(string name) => Path.Combine(Folder, VersionName.Check(name));

    WriterLock Lock(string name) => WriterLock.Take(Path.Combine(ModelFolder(name), ".lock"), Wait, $"model '{name}' of {Folder}");

    static void PromoteLocked(string model, int version)
    {
        Promotion? now = Promotion.Read(model);
        if (now?.Version == version) return;
        new Promotion(Promotion.CurrentFormat, version, now is null ? [] : [.. now.Previous, now.Version]).Write(model);
    }

    static VersionInfo ReadInfo(string place, string what)
    {
        string path = Path.Combine(place, ModelVersion.InfoFile);
        try
        {
            return JsonSerializer.Deserialize<VersionInfo>(File.ReadAllBytes(path)) ?? throw new JsonException("the file says null");
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new RegistryException(ErrorCodes.VersionDamaged, $"{what} is damaged: '{ModelVersion.InfoFile}' cannot be read: {error.Message}", ModelVersion.InfoFile, error);
        }
    }

    static IEnumerable<int> Numbers(string model) => Directory.Exists(model)
        ? Directory.EnumerateDirectories(model).Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0).Where(n => n > 0)
        : [];

    static string Describe(IReadOnlyList<int> versions) => versions.Count == 0 ? "none" : string.Join(", ", versions);
}
