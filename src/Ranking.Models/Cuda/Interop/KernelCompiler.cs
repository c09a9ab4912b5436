using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Ranking.Models.Cuda;

/// <summary>
/// Compiles the .cu files of this assembly with NVRTC for sm_90a and keeps the result on disk, keyed by source, options and NVRTC
/// version. NVRTC comes with CUDA or with a PyTorch installation (beside RANKING_LIBTORCH).
/// </summary>
static unsafe class KernelCompiler
{
    static readonly Lock Gate = new();
    static nint library;

    /// <summary>Where NVRTC is looked for, in order.</summary>
    internal static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("RANKING_NVRTC") is { Length: > 0 } named) yield return named;
        if (Environment.GetEnvironmentVariable("RANKING_LIBTORCH") is { Length: > 0 } torch)
            foreach (string major in (string[])["13", "12"])
            {
                // torch/lib -> site-packages/nvidia/{cu13,cuda_nvrtc}/lib
                yield return Path.GetFullPath(Path.Combine(torch, "..", "..", "nvidia", major == "13" ? "cu13" : "cuda_nvrtc", "lib", $"libnvrtc.so.{major}"));
                yield return Path.Combine(torch, $"libnvrtc.so.{major}");
            }
        yield return "libnvrtc.so.13";
        yield return "libnvrtc.so.12";
        yield return "/usr/local/cuda/lib64/libnvrtc.so";
    }

    /// <summary>The text of a kernel file of this assembly, common definitions in front.</summary>
    internal static string Source(string name) => Resource("common.cuh") + Resource(name);

    static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"cuda/{name}")
            ?? throw new CudaException($"kernel source {name} is not in this assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The machine code of a kernel file under these definitions (<c>NAME=VALUE</c>).</summary>
    /// <exception cref="CudaException">NVRTC is missing, or the source does not compile (its log is in the message).</exception>
    internal static byte[] Compile(string name, IReadOnlyList<string> definitions)
    {
        string source = Source(name);
        nint nvrtc = Load();
        var versionOf = (delegate* unmanaged<int*, int*, int>)NativeLibrary.GetExport(nvrtc, "nvrtcVersion");
        int major, minor;
        _ = versionOf(&major, &minor);
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{major}.{minor}\n{string.Join('\n', definitions)}\n{source}")))[..32];
        string folder = Environment.GetEnvironmentVariable("RANKING_KERNEL_CACHE") is { Length: > 0 } set
            ? set : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "ranking", "kernels");
        string file = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(name)}-{key}.cubin");
        if (File.Exists(file)) return File.ReadAllBytes(file);
        byte[] code = Run(nvrtc, name, source, definitions);
        Directory.CreateDirectory(folder);
        string temporary = $"{file}.{Environment.ProcessId}";
        File.WriteAllBytes(temporary, code);
        File.Move(temporary, file, overwrite: true); // another process may write the same bytes at the same time
        return code;
    }

    /// <summary>False, with the reason, where NVRTC does not load.</summary>
    internal static bool IsPresent(out string reason)
    {
        reason = "";
        try { _ = Load(); }
        catch (CudaException e) { reason = e.Message; }
        return reason.Length == 0;
    }

    static nint Load()
    {
        lock (Gate)
        {
            if (library != 0) return library;
            foreach (string candidate in Candidates())
                if (NativeLibrary.TryLoad(candidate, out library)) return library;
            throw new CudaException($"NVRTC was not found in {string.Join(", ", Candidates())}; set RANKING_LIBTORCH to a PyTorch installation's torch/lib or RANKING_NVRTC to the library");
        }
    }

    static byte[] Run(nint nvrtc, string name, string source, IReadOnlyList<string> definitions)
    {
        nint Export(string function) => NativeLibrary.GetExport(nvrtc, function);
        var create = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)Export("nvrtcCreateProgram");
        var compile = (delegate* unmanaged<nint, int, byte**, int>)Export("nvrtcCompileProgram");
        var logSize = (delegate* unmanaged<nint, nuint*, int>)Export("nvrtcGetProgramLogSize");
        var log = (delegate* unmanaged<nint, byte*, int>)Export("nvrtcGetProgramLog");
        var codeSize = (delegate* unmanaged<nint, nuint*, int>)Export("nvrtcGetCUBINSize");
        var code = (delegate* unmanaged<nint, byte*, int>)Export("nvrtcGetCUBIN");
        var destroy = (delegate* unmanaged<nint*, int>)Export("nvrtcDestroyProgram");
        string[] options = ["--gpu-architecture=sm_90a", "--std=c++17", .. definitions.Select(d => $"-D{d}")];
        nint program = 0;
        byte[] text = Encoding.UTF8.GetBytes(source + '\0'), label = Encoding.UTF8.GetBytes(name + '\0');
        nint[] pointers = [.. options.Select(Marshal.StringToCoTaskMemUTF8)];
        try
        {
            fixed (byte* t = text, l = label)
                if (create(&program, t, l, 0, null, null) != 0) throw new CudaException($"NVRTC: no program for {name}");
            int result;
            fixed (nint* p = pointers) result = compile(program, pointers.Length, (byte**)p);
            if (result != 0)
            {
                nuint size;
                _ = logSize(program, &size);
                byte[] message = new byte[size];
                fixed (byte* m = message) _ = log(program, m);
                throw new CudaException($"NVRTC: {name} does not compile with {string.Join(' ', options)}:\n{Encoding.UTF8.GetString(message).TrimEnd('\0')}");
            }
            nuint bytes;
            if (codeSize(program, &bytes) != 0 || bytes == 0) throw new CudaException($"NVRTC: no machine code for {name}");
            byte[] image = new byte[bytes];
            fixed (byte* i = image) _ = code(program, i);
            return image;
        }
        finally
        {
            foreach (nint p in pointers) Marshal.FreeCoTaskMem(p);
            if (program != 0) _ = destroy(&program);
        }
    }
}
