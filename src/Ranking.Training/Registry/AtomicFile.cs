using System.Runtime.InteropServices;

namespace Ranking.Training.Registry;

/// <summary>Files and folders that appear whole or not at all, a crash of the machine included.</summary>
static partial class AtomicFile
{
    /// <summary>The mark of what is being written aside; a leading dot keeps it out of listings.</summary>
    public const string AsidePrefix = ".writing-";

    /// <summary>Replaces a file in one step.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string folder = Path.GetDirectoryName(path)!;
        string aside = Path.Combine(folder, AsidePrefix + Guid.NewGuid().ToString("n"));
        try
        {
            using (FileStream file = new(aside, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
        FlushFolder(folder);
    }

    /// <summary>Renames a finished folder into place: its files and its name are on disk before and after.</summary>
    /// <exception cref="IOException">The destination exists.</exception>
    public static void MoveFolder(string aside, string destination)
    {
        foreach (string file in Directory.EnumerateFiles(aside, "*", SearchOption.AllDirectories))
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            stream.Flush(flushToDisk: true);
        }
        foreach (string folder in Directory.EnumerateDirectories(aside, "*", SearchOption.AllDirectories)) FlushFolder(folder);
        FlushFolder(aside);
        Directory.Move(aside, destination);
        FlushFolder(Path.GetDirectoryName(destination)!);
    }

    /// <summary>A second name for a file; a copy where the file system has no such thing.</summary>
    public static void Link(string file, string name)
    {
        if (HardLink(file, name) != 0) File.Copy(file, name);
    }

    /// <summary>Deletes what a writer that was killed left aside. Only the holder of the folder's lock may call this.</summary>
    public static void ClearAside(string folder)
    {
        foreach (string left in Directory.EnumerateFileSystemEntries(folder, AsidePrefix + "*"))
        {
            if (Directory.Exists(left)) Directory.Delete(left, recursive: true);
            else File.Delete(left);
        }
    }

    /// <summary>.NET opens no folders; a rename is only durable once its folder is flushed.</summary>
    static void FlushFolder(string folder)
    {
        int descriptor = Open(folder, 0);
        if (descriptor < 0) return;
        _ = Flush(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int HardLink(string file, string name);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
