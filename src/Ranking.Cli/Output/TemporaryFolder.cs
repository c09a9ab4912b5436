namespace Ranking.Cli.Output;

/// <summary>
/// The one folder of a run's temporary files, gone at exit. A run that was killed leaves its folder, unlocked: the next one that
/// makes a folder removes it.
/// </summary>
internal sealed class TemporaryFolder : IDisposable
{
    const string Prefix = "ranking-", LockName = ".lock";
    readonly FileStream held;

    /// <summary>Makes the folder and removes those of dead runs.</summary>
    public TemporaryFolder()
    {
        string root = System.IO.Path.GetTempPath();
        foreach (string left in Directory.EnumerateDirectories(root, Prefix + "*")) RemoveUnlocked(left);
        Path = Directory.CreateTempSubdirectory(Prefix).FullName;
        held = new(System.IO.Path.Combine(Path, LockName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        held.Dispose();
        Remove(Path);
    }

    static void RemoveUnlocked(string folder)
    {
        string file = System.IO.Path.Combine(folder, LockName);
        try
        {
            if (!File.Exists(file)) return; // Somebody else's folder, or one being made.
            using (new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return; }
        Remove(folder);
    }

    static void Remove(string folder)
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException) { return; } // another run removed it
            catch (UnauthorizedAccessException) { return; } // somebody else's
            catch (IOException) { Thread.Sleep(50); } // a library still takes its own files away
        }
    }
}
