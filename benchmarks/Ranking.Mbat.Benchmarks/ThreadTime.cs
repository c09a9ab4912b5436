using System.Runtime.InteropServices;

namespace Ranking.Mbat.Benchmarks;

/// <summary>Time that the calling thread has spent on a processor: what others do on the machine is not in it, except through caches and memory.</summary>
internal static partial class ThreadTime
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID

    public static double Milliseconds(Action work)
    {
        Check(clock_gettime(ThreadCpuTime, out Timespec start));
        work();
        Check(clock_gettime(ThreadCpuTime, out Timespec end));
        return (end.Seconds - start.Seconds) * 1e3 + (end.Nanoseconds - start.Nanoseconds) / 1e6;
    }

    private static void Check(int result)
    {
        if (result != 0)
            throw new InvalidOperationException("clock_gettime failed");
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out Timespec time);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
