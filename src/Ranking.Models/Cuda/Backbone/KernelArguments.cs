using System.Runtime.InteropServices;

namespace Ranking.Models.Cuda;

// Field for field what the structs of the .cu files say; device pointers are ulong.

/// <summary>gemm.cu.</summary>
[StructLayout(LayoutKind.Sequential)]
struct GemmArgs
{
    public ulong Table;
    public int Entries, SuperTiles, NTiles, KSteps, HiddenTiles, Hidden;
    public ulong Gate, Activation, HiddenGrad, RowScale, GateGrad;
    public int Rows;
    public ulong Masters, States, Weights;
    public int M, N;
    public float Rate, Epsilon, GradScale;
}

/// <summary>norm.cu: the rows of a feed-forward.</summary>
[StructLayout(LayoutKind.Sequential)]
struct BranchArgs
{
    public ulong Rows;
    public long Shared;
    public ulong Slots, LogitGrad, Chosen, Router;
}

/// <summary>norm.cu, forward.</summary>
[StructLayout(LayoutKind.Sequential)]
struct AddNormArgs
{
    public ulong Base;
    public BranchArgs Branch;
    public ulong Extra, Gamma, Sum, RootInverse, Normed;
    public long NormedShared;
    public ulong Pooled;
    public int BatchPadded;
    public float Epsilon;
}

/// <summary>norm.cu, backward.</summary>
[StructLayout(LayoutKind.Sequential)]
struct NormGradArgs
{
    public BranchArgs Branch;
    public ulong Pooled, Stream, RootInverse, Gamma, Residual, Extra, Plain, Mixed, GammaPartial;
    public int Batch, BatchPadded;
}

/// <summary>dense.cu, the head.</summary>
[StructLayout(LayoutKind.Sequential)]
struct HeadArgs
{
    public ulong Pooled, Weight, Bias, Labels, Logits, Losses, LogitGrads, PooledGrad;
    public float GradScale;
    public int Batch, Width;
}

/// <summary>dense.cu, Adagrad.</summary>
[StructLayout(LayoutKind.Sequential)]
struct AdagradArgs
{
    public ulong Weights, Masters, States, Gradients;
    public long Groups;
    public float Rate, Epsilon, Scale;
}

/// <summary>routing.cu, forward.</summary>
[StructLayout(LayoutKind.Sequential)]
struct RouteArgs
{
    public ulong Rows;
    public long Shared;
    public ulong Router, Chosen, Gates, Slots, Source, RowScale, TileGroup, Ranges;
    public float Scale;
    public int Groups, Batch, BatchPadded, Capacity;
}

/// <summary>routing.cu, backward.</summary>
[StructLayout(LayoutKind.Sequential)]
struct RouteGradArgs
{
    public ulong GateGrad, Chosen, Gates, Slots, LogitGrad;
    public int Tiles, Rows, Count, Batch, BatchPadded;
    public float Scale;
}

/// <summary>A tensor map of the copy engine, as a kernel argument.</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
unsafe struct TensorMap
{
    public fixed ulong Opaque[16];

    /// <summary>bf16 [groups][rows][columns] at an address, rows <paramref name="stride"/> elements apart; read in boxes of 64 columns.</summary>
    public static TensorMap Of(ulong address, long columns, long rows, long groups, long stride, int boxRows)
    {
        byte* memory = stackalloc byte[128 + 64];
        byte* map = (byte*)(((nint)memory + 63) & ~63);
        ulong* sizes = stackalloc ulong[3] { (ulong)columns, (ulong)rows, (ulong)groups };
        ulong* strides = stackalloc ulong[2] { (ulong)stride * 2, (ulong)(stride * rows * 2) };
        uint* box = stackalloc uint[3] { 64, (uint)boxRows, 1 };
        uint* ones = stackalloc uint[3] { 1, 1, 1 };
        const int bf16 = 9, swizzle128 = 3, promote256 = 3;
        Driver.Check(Driver.cuTensorMapEncodeTiled(map, bf16, 3, address, sizes, strides, box, ones, 0, swizzle128, promote256, 0),
            $"a tensor map of {groups} x {rows} x {columns}");
        return *(TensorMap*)map;
    }
}
