using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Ranking.Models.Tables;

/// <summary>Rows of floats in chunks of 256 KiB, up to 16 of them an array: growing copies nothing, and a row's numbers lie beside each other.</summary>
sealed class RowStore
{
    const int ChunkFloats = 1 << 16, MostChunks = 16;
    readonly List<(float[] Array, int Start)> chunks = [];
    readonly int rowsLog;

    public RowStore(int stride)
    {
        Stride = stride;
        rowsLog = Math.Max(0, (int)Math.Log2(Math.Max(1, ChunkFloats / stride)));
    }

    /// <summary>Floats a row.</summary>
    public int Stride { get; }

    /// <summary>Bytes held.</summary>
    public long Bytes => (long)chunks.Count * (Stride * 4L << rowsLog);

    /// <summary>Rows a chunk.</summary>
    public int ChunkRows => 1 << rowsLog;

    /// <summary>How many chunks there are.</summary>
    public int ChunkCount => chunks.Count;

    /// <summary>The numbers of a chunk's rows.</summary>
    public Span<float> Chunk(int chunk) => chunks[chunk].Array.AsSpan(chunks[chunk].Start, Stride << rowsLog);

    /// <summary>A row's numbers.</summary>
    public Span<float> this[int row]
    {
        get
        {
            (float[] array, int start) = chunks[row >> rowsLog];
            return array.AsSpan(start + (row & ((1 << rowsLog) - 1)) * Stride, Stride);
        }
    }

    /// <summary>Asks for a row's first numbers, 256 bytes at most.</summary>
    public unsafe void Prefetch(int row, int numbers)
    {
        if (!Sse.IsSupported) return;
        ref float first = ref MemoryMarshal.GetReference(this[row]);
        for (int i = 0; i < Math.Min(numbers, 64); i += 16) Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref first, i)));
    }

    /// <summary>Makes room for rows 0 to <paramref name="row"/>.</summary>
    public void Grow(int row)
    {
        while (row >> rowsLog >= chunks.Count)
        {
            // A sixteenth more, so that a small table stays small and a large one has huge pages.
            int chunk = Stride << rowsLog, count = Math.Clamp(chunks.Count / 16, 1, MostChunks);
            float[] array = HugePages.Allocate<float>(chunk * count);
            for (int i = 0; i < count; i++) chunks.Add((array, i * chunk));
        }
    }
}
