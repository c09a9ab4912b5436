using System.Reflection;
using System.Runtime.InteropServices;

namespace Ranking.Models.Cuda;

/// <summary>The part of the CUDA driver API that we call; libcuda comes with the driver, so nothing is installed for it.</summary>
static unsafe partial class Driver
{
    const string Library = "libcuda.so.1";

    [LibraryImport(Library)] internal static partial int cuInit(uint flags);
    [LibraryImport(Library)] internal static partial int cuDeviceGetCount(out int count);
    [LibraryImport(Library)] internal static partial int cuDeviceGet(out int device, int ordinal);
    [LibraryImport(Library)] internal static partial int cuDeviceGetName(byte* name, int length, int device);
    [LibraryImport(Library)] internal static partial int cuDeviceGetAttribute(out int value, int attribute, int device);
    [LibraryImport(Library)] internal static partial int cuDriverGetVersion(out int version);
    [LibraryImport(Library)] internal static partial int cuDevicePrimaryCtxRetain(out nint context, int device);
    [LibraryImport(Library)] internal static partial int cuDevicePrimaryCtxRelease_v2(int device);
    [LibraryImport(Library)] internal static partial int cuCtxSetCurrent(nint context);
    [LibraryImport(Library)] internal static partial int cuCtxSynchronize();
    [LibraryImport(Library)] internal static partial int cuMemAlloc_v2(out ulong pointer, nuint bytes);
    [LibraryImport(Library)] internal static partial int cuMemFree_v2(ulong pointer);
    [LibraryImport(Library)] internal static partial int cuMemGetInfo_v2(out nuint free, out nuint total);
    [LibraryImport(Library)] internal static partial int cuMemsetD8_v2(ulong pointer, byte value, nuint bytes);
    [LibraryImport(Library)] internal static partial int cuMemcpyHtoD_v2(ulong to, void* from, nuint bytes);
    [LibraryImport(Library)] internal static partial int cuMemcpyHtoDAsync_v2(ulong to, void* from, nuint bytes, nint stream);
    [LibraryImport(Library)] internal static partial int cuMemcpyDtoH_v2(void* to, ulong from, nuint bytes);
    [LibraryImport(Library)] internal static partial int cuMemcpyDtoDAsync_v2(ulong to, ulong from, nuint bytes, nint stream);
    [LibraryImport(Library)] internal static partial int cuModuleLoadData(out nint module, void* image);
    [LibraryImport(Library)] internal static partial int cuModuleUnload(nint module);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int cuModuleGetFunction(out nint function, nint module, string name);
    [LibraryImport(Library)] internal static partial int cuFuncSetAttribute(nint function, int attribute, int value);
    [LibraryImport(Library)]
    internal static partial int cuLaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** arguments, void** extra);
    [LibraryImport(Library)]
    internal static partial int cuTensorMapEncodeTiled(
        void* map, int type, uint rank, ulong address, ulong* sizes, ulong* strides, uint* box, uint* elementStrides, int interleave, int swizzle, int promotion, int fill);
    [LibraryImport(Library)] internal static partial int cuStreamCreate(out nint stream, uint flags);
    [LibraryImport(Library)] internal static partial int cuStreamDestroy_v2(nint stream);
    [LibraryImport(Library)] internal static partial int cuStreamSynchronize(nint stream);
    [LibraryImport(Library)] internal static partial int cuStreamBeginCapture_v2(nint stream, int mode);
    [LibraryImport(Library)] internal static partial int cuStreamEndCapture(nint stream, out nint graph);
    [LibraryImport(Library)] internal static partial int cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);
    [LibraryImport(Library)] internal static partial int cuGraphLaunch(nint executable, nint stream);
    [LibraryImport(Library)] internal static partial int cuGraphExecDestroy(nint executable);
    [LibraryImport(Library)] internal static partial int cuGraphDestroy(nint graph);
    [LibraryImport(Library)] internal static partial int cuEventCreate(out nint handle, uint flags);
    [LibraryImport(Library)] internal static partial int cuEventRecord(nint handle, nint stream);
    [LibraryImport(Library)] internal static partial int cuEventSynchronize(nint handle);
    [LibraryImport(Library)] internal static partial int cuEventElapsedTime(out float milliseconds, nint start, nint end);
    [LibraryImport(Library)] internal static partial int cuEventDestroy_v2(nint handle);
    [LibraryImport(Library)] internal static partial int cuGetErrorName(int error, out byte* name);
    [LibraryImport(Library)] internal static partial int cuGetErrorString(int error, out byte* text);

    /// <summary>Throws what a call's non-zero result means.</summary>
    internal static void Check(int result, string what)
    {
        if (result == 0) return;
        string name = cuGetErrorName(result, out byte* n) == 0 ? Marshal.PtrToStringUTF8((nint)n)! : $"error {result}";
        string text = cuGetErrorString(result, out byte* t) == 0 ? Marshal.PtrToStringUTF8((nint)t)! : "";
        throw new CudaException($"CUDA: {what} failed with {name}: {text}");
    }

    /// <summary>False, with the reason, where the driver's library does not load.</summary>
    internal static bool IsPresent(out string reason)
    {
        reason = "";
        if (NativeLibrary.TryLoad(Library, Assembly.GetExecutingAssembly(), null, out _)) return true;
        reason = $"{Library} was not found: no NVIDIA driver on this machine";
        return false;
    }
}
