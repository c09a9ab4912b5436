namespace Ranking.Models.Cuda;

/// <summary>Where each buffer lies in one allocation: made before the card is touched, so it can be checked without one.</summary>
/// <param name="elsewhere">Buffers that are not part of the allocation, since their memory is somebody else's.</param>
public sealed class MemoryPlan(IReadOnlySet<string>? elsewhere = null)
{
    readonly Dictionary<string, (long Offset, long Bytes)> regions = [];

    /// <summary>Bytes of the allocation.</summary>
    public long Total { get; private set; }

    /// <summary>Names of all buffers of the allocation.</summary>
    public IEnumerable<string> Names => regions.Keys;

    /// <summary>Reserves a buffer; every buffer starts at a multiple of 1024 bytes, as the copy engine's maps and wide loads need.</summary>
    public void Add(string name, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (elsewhere?.Contains(name) == true) return;
        regions.Add(name, (Total, bytes));
        Total += (bytes + 1023) / 1024 * 1024;
    }

    /// <summary>Offset and size of a buffer.</summary>
    public (long Offset, long Bytes) this[string name] => regions[name];
}
