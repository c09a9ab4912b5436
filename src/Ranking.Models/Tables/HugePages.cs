using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ranking.Models.Tables;

/// <summary>
/// Asks Linux for pages of 2 MiB under a large new array. Random rows of gigabytes in pages of 4 KiB wait for the page table as long as for
/// the row.
/// </summary>
static partial class HugePages
{
    const long Size = 2 << 20;
    const int MadviseHugePage = 14;

    /// <summary>A new array, not cleared where it is large; a kernel that has no such pages gives others.</summary>
    public static unsafe T[] Allocate<T>(int length) where T : unmanaged
    {
        T[] array = GC.AllocateUninitializedArray<T>(length);
        long bytes = (long)length * sizeof(T);
        if (bytes < 2 * Size) return array;
        // Large objects stay where they are unless somebody asks to compact them; advice for a place that was left is harmless.
        nint first = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        nint begin = (nint)((first + Size - 1) / Size * Size), end = (nint)((first + bytes) / Size * Size);
        if (end > begin) _ = Advise(begin, end - begin, MadviseHugePage);
        return array;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nint length, int advice);
}
