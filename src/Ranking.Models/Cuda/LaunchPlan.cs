using System.Runtime.InteropServices;

namespace Ranking.Models.Cuda;

/// <summary>
/// A fixed sequence of kernel launches and copies with fixed arguments, built once and run each step: no allocation, no lookup,
/// and fit to be captured into a CUDA graph.
/// </summary>
sealed unsafe class LaunchPlan : IDisposable
{
    readonly record struct Entry(string Name, nint Function, uint X, uint Y, uint Z, uint Block, uint Shared, nint Pointers, ulong From, ulong To, ulong Bytes);

    readonly List<Entry> entries = [];
    readonly List<nint> native = [];
    nint graph, executable;

    internal int Count => entries.Count;

    /// <summary>The bytes of one argument, laid out as C does.</summary>
    internal static byte[] Of<T>(T value) where T : unmanaged => new ReadOnlySpan<byte>(&value, sizeof(T)).ToArray();

    internal void Launch(string name, nint function, (int X, int Y, int Z) grid, int block, int shared, params ReadOnlySpan<byte[]> arguments)
    {
        nint pointers = Keep((nuint)(arguments.Length * sizeof(nint)));
        for (int i = 0; i < arguments.Length; i++)
        {
            nint copy = Keep((nuint)arguments[i].Length);
            Marshal.Copy(arguments[i], 0, copy, arguments[i].Length);
            ((nint*)pointers)[i] = copy;
        }
        entries.Add(new Entry(name, function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block, (uint)shared, pointers, 0, 0, 0));
    }

    internal void Copy(ulong from, ulong to, long bytes) => entries.Add(new Entry("copy", 0, 0, 0, 0, 0, 0, 0, from, to, (ulong)bytes));

    nint Keep(nuint bytes)
    {
        nint memory = (nint)NativeMemory.AlignedAlloc(bytes, 64);
        native.Add(memory);
        return memory;
    }

    /// <summary>Queues every entry on a stream (0 is the one that libtorch works on).</summary>
    internal void Run(nint stream)
    {
        foreach (Entry e in CollectionsMarshal.AsSpan(entries)) Queue(e, stream);
    }

    static void Queue(in Entry e, nint stream)
    {
        int result = e.Function == 0
            ? Driver.cuMemcpyDtoDAsync_v2(e.To, e.From, (nuint)e.Bytes, stream)
            : Driver.cuLaunchKernel(e.Function, e.X, e.Y, e.Z, e.Block, 1, 1, e.Shared, stream, (void**)e.Pointers, null);
        if (result != 0) Driver.Check(result, $"launching {e.Name} with a grid of {e.X} x {e.Y} x {e.Z}");
    }

    /// <summary>Runs as one CUDA graph; the first call captures it. Wanted where the launches themselves take the time.</summary>
    internal void RunGraph(nint stream)
    {
        if (executable == 0)
        {
            Driver.Check(Driver.cuStreamBeginCapture_v2(stream, 2), "capturing a graph");
            Run(stream);
            Driver.Check(Driver.cuStreamEndCapture(stream, out graph), "capturing a graph");
            Driver.Check(Driver.cuGraphInstantiateWithFlags(out executable, graph, 0), "making a graph");
        }
        Driver.Check(Driver.cuGraphLaunch(executable, stream), "launching a graph");
    }

    /// <summary>Milliseconds by entry name, each entry timed on its own with events; for profiles, not for totals.</summary>
    internal IReadOnlyDictionary<string, double> Profile(nint stream)
    {
        var times = new Dictionary<string, double>();
        foreach (Entry e in entries) CollectionsMarshal.GetValueRefOrAddDefault(times, e.Name, out _) += CudaTimer.Milliseconds(stream, () => Queue(e, stream));
        return times;
    }

    public void Dispose()
    {
        if (executable != 0) _ = Driver.cuGraphExecDestroy(executable);
        if (graph != 0) _ = Driver.cuGraphDestroy(graph);
        foreach (nint memory in native) NativeMemory.AlignedFree((void*)memory);
        native.Clear();
        entries.Clear();
    }
}
