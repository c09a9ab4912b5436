using System.Diagnostics;

namespace Ranking.Store.Tests;

/// <summary>Waits for what another thread or server does; generous, since a busy machine is no bug.</summary>
static class Waiting
{
    public static Task UntilAsync(Func<bool> holds, string what, double seconds = 30) => UntilAsync(() => Task.FromResult(holds()), what, seconds);

    public static async Task UntilAsync(Func<Task<bool>> holds, string what, double seconds = 30)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"waited {seconds} s for {what}");
            await Task.Delay(20);
        }
    }
}
