namespace Ranking.Models.Cuda;

/// <summary>The buffers of a plan on the card, zero at first, beside buffers whose memory is somebody else's.</summary>
sealed unsafe class DeviceBuffers : IDisposable
{
    readonly MemoryPlan plan;
    readonly Dictionary<string, ulong> elsewhere;
    readonly List<ulong> added = [];
    readonly ulong start;

    /// <summary>Allocates.</summary>
    /// <param name="plan">Names and sizes.</param>
    /// <param name="shape">For the message that memory is short.</param>
    /// <param name="elsewhere">Addresses of buffers that the plan leaves out.</param>
    /// <exception cref="CudaException">The card's memory does not hold it; the message names batch and model size.</exception>
    public DeviceBuffers(MemoryPlan plan, BackboneShape shape, IReadOnlyDictionary<string, ulong>? elsewhere = null)
    {
        this.plan = plan;
        this.elsewhere = new(elsewhere ?? new Dictionary<string, ulong>());
        start = Allocate(plan.Total, shape);
    }

    /// <summary>A further buffer, zero at first.</summary>
    /// <exception cref="CudaException">The card's memory does not hold it.</exception>
    internal void Add(string name, long bytes, BackboneShape shape)
    {
        added.Add(Allocate(bytes, shape));
        elsewhere.Add(name, added[^1]);
    }

    static ulong Allocate(long bytes, BackboneShape shape)
    {
        Driver.Check(Driver.cuMemGetInfo_v2(out nuint free, out nuint total), "cuMemGetInfo");
        if ((ulong)bytes > free || Driver.cuMemAlloc_v2(out ulong start, (nuint)bytes) != 0)
            throw new CudaException(CudaException.OutOfMemory(shape, bytes, (long)free, (long)total));
        Driver.Check(Driver.cuMemsetD8_v2(start, 0, (nuint)bytes), "clearing memory");
        return start;
    }

    /// <summary>Device address of a buffer.</summary>
    internal ulong this[string name] => elsewhere.TryGetValue(name, out ulong address) ? address : start + (ulong)plan[name].Offset;

    internal bool Has(string name) => elsewhere.ContainsKey(name) || plan.Names.Contains(name);

    internal T[] Read<T>(string name, long count, long offset = 0) where T : unmanaged
    {
        var values = new T[count];
        fixed (T* v = values) Driver.Check(Driver.cuMemcpyDtoH_v2(v, this[name] + (ulong)(offset * sizeof(T)), (nuint)(count * sizeof(T))), $"reading {name}");
        return values;
    }

    internal void Write<T>(string name, ReadOnlySpan<T> values, long offset = 0) where T : unmanaged
    {
        fixed (T* v = values) Driver.Check(Driver.cuMemcpyHtoD_v2(this[name] + (ulong)(offset * sizeof(T)), v, (nuint)((long)values.Length * sizeof(T))), $"writing {name}");
    }

    public void Dispose()
    {
        foreach (ulong address in (ulong[])[start, .. added]) _ = Driver.cuMemFree_v2(address);
    }
}
