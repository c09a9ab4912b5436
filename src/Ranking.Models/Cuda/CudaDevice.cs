using System.Text;

namespace Ranking.Models.Cuda;

/// <summary>A Hopper card, its primary context (the one that libtorch uses too) and the kernels loaded on it.</summary>
public sealed unsafe class CudaDevice : IDisposable
{
    readonly int device;
    readonly nint context;
    readonly Dictionary<string, nint> modules = [];

    CudaDevice(int device, nint context, string name, int driver, int multiprocessors) =>
        (this.device, this.context, Name, DriverVersion, Multiprocessors) = (device, context, name, driver, multiprocessors);

    /// <summary>As the driver names it.</summary>
    public string Name { get; }

    /// <summary>Newest CUDA version that the driver knows, as major * 1000 + minor * 10.</summary>
    public int DriverVersion { get; }

    /// <summary>Streaming multiprocessors.</summary>
    public int Multiprocessors { get; }

    /// <summary>Opens the card, or says in one line why the own kernels cannot run here (the TorchSharp path still does).</summary>
    public static CudaDevice? TryOpen(out string reason, int ordinal = 0)
    {
        if (!Driver.IsPresent(out reason)) return null;
        int result = Driver.cuInit(0);
        if (result != 0) { reason = $"the CUDA driver does not start (error {result}): no usable NVIDIA card"; return null; }
        Driver.Check(Driver.cuDeviceGetCount(out int count), "cuDeviceGetCount");
        if (ordinal < 0 || ordinal >= count) { reason = $"CUDA device {ordinal} was asked for; this machine has {count}"; return null; }
        Driver.Check(Driver.cuDeviceGet(out int device, ordinal), "cuDeviceGet");
        byte* text = stackalloc byte[256];
        Driver.Check(Driver.cuDeviceGetName(text, 256, device), "cuDeviceGetName");
        string name = Encoding.UTF8.GetString(text, new ReadOnlySpan<byte>(text, 256).IndexOf((byte)0));
        int major = Attribute(device, 75), minor = Attribute(device, 76);
        if (major != 9 || minor != 0)
        {
            reason = $"{name} has compute capability {major}.{minor}; the kernels are for 9.0 (H100, H200)";
            return null;
        }
        Driver.Check(Driver.cuDriverGetVersion(out int driver), "cuDriverGetVersion");
        Driver.Check(Driver.cuDevicePrimaryCtxRetain(out nint context, device), "cuDevicePrimaryCtxRetain");
        Driver.Check(Driver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
        reason = "";
        return new CudaDevice(device, context, name, driver, Attribute(device, 16));
    }

    /// <summary>False, with the reason, where the compiler of the kernels (NVRTC) is not found.</summary>
    public static bool CanCompile(out string reason) => KernelCompiler.IsPresent(out reason);

    static int Attribute(int device, int attribute)
    {
        Driver.Check(Driver.cuDeviceGetAttribute(out int value, attribute, device), "cuDeviceGetAttribute");
        return value;
    }

    /// <summary>Makes this card the calling thread's.</summary>
    public void Use() => Driver.Check(Driver.cuCtxSetCurrent(context), "cuCtxSetCurrent");

    /// <summary>Waits for all work on the card; errors of earlier launches surface here.</summary>
    public static void Synchronize() => Driver.Check(Driver.cuCtxSynchronize(), "waiting for the card");

    /// <summary>A kernel of a .cu file under some definitions; compiled and loaded once.</summary>
    internal nint Kernel(string file, string kernel, int sharedBytes, params IReadOnlyList<string> definitions)
    {
        string key = $"{file} {string.Join(' ', definitions)}";
        if (!modules.TryGetValue(key, out nint module))
        {
            fixed (byte* image = KernelCompiler.Compile(file, definitions)) Driver.Check(Driver.cuModuleLoadData(out module, image), $"loading {file}");
            modules.Add(key, module);
        }
        Driver.Check(Driver.cuModuleGetFunction(out nint function, module, kernel), $"finding {kernel} in {file}");
        const int maxDynamicShared = 8;
        if (sharedBytes > 48 * 1024) Driver.Check(Driver.cuFuncSetAttribute(function, maxDynamicShared, sharedBytes), $"{sharedBytes} bytes of shared memory for {kernel}");
        return function;
    }

    /// <summary>Unloads the kernels and lets the context go.</summary>
    public void Dispose()
    {
        foreach (nint module in modules.Values) _ = Driver.cuModuleUnload(module);
        modules.Clear();
        _ = Driver.cuDevicePrimaryCtxRelease_v2(device);
    }
}
