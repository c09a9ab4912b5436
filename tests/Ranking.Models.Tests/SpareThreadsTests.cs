using Ranking.Models.Scoring;

namespace Ranking.Models.Tests;

public class SpareThreadsTests
{
    [Fact]
    public async Task Every_piece_runs_once_whoever_asks_at_the_same_time()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(() =>
        {
            for (int pieces = 0; pieces < 300; pieces++)
            {
                int[] runs = new int[pieces];
                SpareThreads.Run(pieces, i => Interlocked.Increment(ref runs[i]));
                Assert.All(runs, r => Assert.Equal(1, r)); // all of them, before Run returned
            }
        }, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void What_a_piece_throws_reaches_the_caller_as_it_was_and_the_next_call_is_well()
    {
        for (int round = 0; round < 200; round++)
        {
            ArgumentException thrown = Assert.Throws<ArgumentException>(() => SpareThreads.Run(7, i =>
            {
                if (i == round % 7) throw new ArgumentException($"piece {i}");
            }));
            Assert.Equal($"piece {round % 7}", thrown.Message);
            int sum = 0;
            SpareThreads.Run(7, i => Interlocked.Add(ref sum, i));
            Assert.Equal(21, sum);
        }
    }

    [Fact]
    public void A_piece_may_ask_for_more_threads_itself()
    {
        int sum = 0;
        SpareThreads.Run(4, _ => SpareThreads.Run(4, i => Interlocked.Add(ref sum, i)));
        Assert.Equal(24, sum);
    }
}
