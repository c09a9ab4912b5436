using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ranking.Models;

/// <summary>Where libtorch comes from: found once, loaded once, by absolute path, so that no project carries its 490 MB.</summary>
public static partial class Torch
{
    static readonly Lock Gate = new();
    static string? loadedFrom;

    /// <summary>The folder that libtorch was loaded from; null before the first use of a tensor.</summary>
    public static string? LoadedFrom => loadedFrom;

    /// <summary>
    /// Folders that are searched, first match wins: <c>RANKING_LIBTORCH</c> (the <c>torch/lib</c> of a PyTorch installation, for
    /// CUDA), <c>torch</c> beside the program (published), the build's folder (a checkout).
    /// </summary>
    public static IEnumerable<string> SearchedFolders()
    {
        if (Environment.GetEnvironmentVariable("RANKING_LIBTORCH") is { Length: > 0 } named) yield return named;
        yield return Path.Combine(AppContext.BaseDirectory, "torch");
        string? built = typeof(Torch).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "TorchFolder")?.Value;
        if (built is not null) yield return built;
    }

    /// <summary>Loads libtorch and TorchSharp's library; later calls do nothing.</summary>
    /// <exception cref="DllNotFoundException">No searched folder holds them, or one does and its libraries do not load.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (loadedFrom is not null) return;
            // Threads of OpenMP that wait should sleep, not spin: on a machine that others use too, spinning made training 16 times
            // slower (233 against 3,712 samples/s, two threads, load 17 on 2 cores). It reads this when it is loaded.
            if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null) _ = setenv("OMP_WAIT_POLICY", "passive", 0);
            string[] folders = [.. SearchedFolders()];
            string folder = folders.FirstOrDefault(f => File.Exists(Path.Combine(f, "libtorch_cpu.so")))
                ?? throw new DllNotFoundException($"libtorch_cpu.so was not found in {string.Join(", ", folders)}; build the solution once, or set RANKING_LIBTORCH");
            string shim = folders.Prepend(AppContext.BaseDirectory).Select(f => Path.Combine(f, "libLibTorchSharp.so")).FirstOrDefault(File.Exists)
                ?? throw new DllNotFoundException($"libLibTorchSharp.so was not found in {string.Join(", ", folders)}; build the solution once");
            // dlopen finds a library by its name once one of that name is loaded: the order below is that of their dependencies.
            foreach (string name in (string[])["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"])
                if (Path.Combine(folder, name) is var path && File.Exists(path)) NativeLibrary.Load(path);
            NativeLibrary.Load(shim);
            loadedFrom = folder;
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

#pragma warning disable CA2255 // A library that no caller has to initialise: every path to a tensor passes through this assembly.
    [ModuleInitializer]
    internal static void LoadQuietly()
    {
        try { Load(); }
        catch (DllNotFoundException) { } // `doctor` and the first tensor report it; `--help` must work without libtorch.
    }
#pragma warning restore CA2255
}
