using System.Diagnostics;
using System.Globalization;
using Ranking.Features.Errors;

namespace Ranking.Training.Registry;

/// <summary>The right to write in a folder, held by one process at a time; the system frees it when the process ends, however it does.</summary>
public sealed class WriterLock : IDisposable
{
    const string HolderSuffix = "-holder";

    readonly FileStream file;

    WriterLock(FileStream file) => this.file = file;

    /// <summary>Takes a lock, or refuses and names who holds it.</summary>
    /// <param name="path">The lock's file; it stays when the lock is freed.</param>
    /// <param name="wait">How long another holder is waited for.</param>
    /// <param name="what">What the lock guards, for the message.</param>
    /// <exception cref="RegistryException">Another writer holds it.</exception>
    public static WriterLock Take(string path, TimeSpan wait, string what)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (long started = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                // A file of its own: .NET reads no file that another process holds the lock of.
                File.WriteAllText(path + HolderSuffix, string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName} since {DateTimeOffset.UtcNow:O}"));
                return new WriterLock(file);
            }
            catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException))
            {
                if (Stopwatch.GetElapsedTime(started) < wait)
                {
                    Thread.Sleep(20);
                    continue;
                }
                throw new RegistryException(ErrorCodes.Locked, $"{what} is being written by {Holder(path)}; a second writer is refused. Wait for it or stop it ({path}).", inner: error);
            }
        }
    }

    /// <summary>Frees the lock.</summary>
    public void Dispose() => file.Dispose();

    static string Holder(string path)
    {
        try
        {
            return File.ReadAllText(path + HolderSuffix) is { Length: > 0 } line ? line : "another process";
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
