using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Ranking.Models.Scoring;

/// <summary>
/// Runs pieces of a request of a few hundred microseconds each on its own thread and on a few others that have nothing else to do.
/// The caller never waits for a thread to wake: it takes piece after piece itself, and whoever comes in time takes some from it.
/// </summary>
/// <remarks>
/// Not the thread pool: on a machine of few processors Linux wakes a thread on the processor of the one that woke it, busy as that is,
/// and moves it milliseconds later, when a request is done. So a thread is told before it is woken which processor it may not run on.
/// </remarks>
public static partial class SpareThreads
{
    const int Most = 4, MaskWords = 16;
    static readonly Helper[] Helpers = [.. Enumerable.Range(1, Math.Min(Most, Environment.ProcessorCount) - 1).Select(i => new Helper(i))];

    /// <summary>Calls <paramref name="piece"/> once with each number below <paramref name="pieces"/>, in no order, and returns when all have ended.</summary>
    /// <exception cref="Exception">The first that a piece threw; further pieces may not have been called.</exception>
    public static void Run(int pieces, Action<int> piece)
    {
        if (pieces == 1 || Helpers.Length == 0)
        {
            for (int i = 0; i < pieces; i++) piece(i);
            return;
        }
        var work = new Work(pieces, piece);
        int wanted = pieces - 1;
        foreach (Helper helper in Helpers)
            if (wanted > 0 && helper.Offer(work)) wanted--;
        work.TakePart();
        work.AwaitOthers();
    }

    /// <summary>One call of <see cref="Run"/>.</summary>
    sealed class Work(int pieces, Action<int> piece)
    {
        int taken, ended;
        ExceptionDispatchInfo? thrown;

        /// <summary>Takes pieces until none is left.</summary>
        public void TakePart()
        {
            for (int i; (i = Interlocked.Increment(ref taken) - 1) < pieces;)
            {
                try
                {
                    if (Volatile.Read(ref thrown) is null) piece(i);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref thrown, ExceptionDispatchInfo.Capture(e), null);
                }
                if (Interlocked.Increment(ref ended) < pieces) continue;
                lock (this) Monitor.Pulse(this);
            }
        }

        public void AwaitOthers()
        {
            for (var spin = new SpinWait(); !spin.NextSpinWillYield && Volatile.Read(ref ended) < pieces;) spin.SpinOnce();
            lock (this) while (ended < pieces) Monitor.Wait(this);
            thrown?.Throw();
        }
    }

    /// <summary>A thread that sleeps until it is offered work.</summary>
    sealed class Helper
    {
        Work? work;
        int thread, shunned = -1;

        public Helper(int number) => new Thread(Live) { IsBackground = true, Name = $"ranking spare {number}" }.Start();

        /// <summary>Whether this helper was free and is on its way.</summary>
        public bool Offer(Work more)
        {
            lock (this)
            {
                if (work is not null) return false;
                work = more;
                if (OperatingSystem.IsLinux()) Shun(sched_getcpu());
                Monitor.Pulse(this);
                return true;
            }
        }

        void Live()
        {
            if (OperatingSystem.IsLinux()) lock (this) thread = gettid();
            while (true)
            {
                lock (this) while (work is null) Monitor.Wait(this);
                work.TakePart();
                lock (this) work = null;
            }
        }

        /// <summary>Lets this thread run on any of the process's processors but one.</summary>
        void Shun(int processor)
        {
            if (thread == 0 || processor == shunned || processor < 0) return;
            Span<ulong> mask = stackalloc ulong[MaskWords];
            if (sched_getaffinity(Environment.ProcessId, MaskWords * sizeof(ulong), ref MemoryMarshal.GetReference(mask)) < 0) return;
            mask[processor / 64] &= ~(1UL << (processor % 64));
            // Refused where the sandbox forbids it or no other is left: then it runs wherever it is put.
            _ = sched_setaffinity(thread, MaskWords * sizeof(ulong), ref MemoryMarshal.GetReference(mask));
            shunned = processor;
        }
    }

    [LibraryImport("libc"), SuppressGCTransition]
    private static partial int sched_getcpu();

    [LibraryImport("libc")]
    private static partial int gettid();

    [LibraryImport("libc")]
    private static partial int sched_getaffinity(int thread, nint bytes, ref ulong mask);

    [LibraryImport("libc")]
    private static partial int sched_setaffinity(int thread, nint bytes, ref ulong mask);
}
