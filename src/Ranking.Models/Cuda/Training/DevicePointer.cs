using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Ranking.Models.Cuda;

/// <summary>Where libtorch keeps a tensor's numbers; TorchSharp has no public way to ask.</summary>
static partial class DevicePointer
{
    /// <summary>Address of the first element, on the tensor's device. Valid while the tensor lives.</summary>
    internal static ulong Of(Tensor tensor)
    {
        ulong address = (ulong)THSTensor_data(tensor.Handle);
        GC.KeepAlive(tensor);
        return address;
    }

    [LibraryImport("LibTorchSharp")]
    private static partial nint THSTensor_data(nint tensor);
}
