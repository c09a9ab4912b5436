using System.Globalization;
using Ranking.Features.Errors;
using Ranking.Training.Registry;

namespace Ranking.Training;

/// <summary>
/// Checkpoints of one training: each a new folder, renamed into place when complete; the latest two are kept. A file that is the same as
/// in the one before is a second name of it (a hard link), so every folder is whole by itself and none pays for what did not change.
/// </summary>
/// <param name="folder">Where they lie; only the holder of the model's training lock writes there.</param>
/// <param name="what">What they are checkpoints of, for messages.</param>
sealed class CheckpointFolder(string folder, string what)
{
    /// <summary>The newest format that is understood.</summary>
    public const int CurrentFormat = 1;

    const string Prefix = "step-";
    string? former;

    /// <summary>Writes a checkpoint.</summary>
    /// <param name="step">Its step; one of that step is replaced.</param>
    /// <param name="write">Writes its files into the folder that it is given, or keeps files of the former checkpoint by name; false where there is none.</param>
    public void Write(long step, Action<string, Func<string, bool>> write)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.ClearAside(folder);
        string aside = Path.Combine(folder, AtomicFile.AsidePrefix + Guid.NewGuid().ToString("n")), place = PathOf(step);
        Directory.CreateDirectory(aside);
        HashSet<string> kept = new(StringComparer.Ordinal);
        write(aside, Keep);
        Checksums.Write(aside, CurrentFormat, former, kept);
        if (Directory.Exists(place)) Directory.Delete(place, recursive: true);
        AtomicFile.MoveFolder(aside, place);
        former = place;
        foreach (long old in Steps().Order().SkipLast(2)) Directory.Delete(PathOf(old), recursive: true);

        bool Keep(string file)
        {
            if (former is null || !File.Exists(Path.Combine(former, file))) return false;
            AtomicFile.Link(Path.Combine(former, file), Path.Combine(aside, file));
            return kept.Add(file);
        }
    }

    /// <summary>The folder of a checkpoint, checked; null where there is none.</summary>
    /// <param name="step">Its step; the latest if null.</param>
    /// <exception cref="RegistryException">It is damaged; the file is named.</exception>
    public string? Open(long? step = null)
    {
        if ((step ?? Steps().Select(s => (long?)s).Max()) is not { } number) return null;
        string place = PathOf(number);
        if (!Directory.Exists(place)) throw new RankingException(ErrorCodes.ResumeRefused, $"The checkpoint of step {number} of {what} is missing in {folder}.");
        Checksums.Verify(place, CurrentFormat, $"The checkpoint of step {number} of {what} ({place})");
        return former = place;
    }

    /// <summary>Deletes all checkpoints.</summary>
    public void Clear()
    {
        former = null;
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    string PathOf(long step) => Path.Combine(folder, Prefix + step.ToString("d12", CultureInfo.InvariantCulture));

    IEnumerable<long> Steps() => Directory.Exists(folder)
        ? Directory.EnumerateDirectories(folder, Prefix + "*").Select(d => long.TryParse(Path.GetFileName(d).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1).Where(s => s >= 0)
        : [];
}
