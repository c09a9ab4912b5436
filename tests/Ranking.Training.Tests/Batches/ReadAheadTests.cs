using Ranking.Training.Batches;

namespace Ranking.Training.Tests.Batches;

public class ReadAheadTests
{
    sealed class Counted(Action gone) : IDisposable
    {
        public void Dispose() => gone();
    }

    [Fact]
    public void It_reads_ahead_by_no_more_than_its_capacity_and_disposes_of_what_nobody_took()
    {
        int made = 0, gone = 0;
        IEnumerable<Counted> Endless()
        {
            while (true)
            {
                Interlocked.Increment(ref made);
                yield return new Counted(() => Interlocked.Increment(ref gone));
            }
        }
        using (ReadAhead<Counted> queue = new(_ => Endless(), 3, CancellationToken.None))
        {
            int taken = 0;
            foreach (Counted one in queue.Read())
            {
                one.Dispose();
                if (++taken == 10) break;
                Assert.InRange(Volatile.Read(ref made), 0, taken + 3 + 2); // waiting, being added, being made
            }
        }
        Assert.InRange(made - gone, 0, 1); // the one that was being added when the queue stopped holds nothing
    }

    [Fact]
    public void A_failure_comes_after_the_elements_before_it()
    {
        static IEnumerable<int> Failing()
        {
            yield return 1;
            yield return 2;
            throw new InvalidDataException("row 3 is broken");
        }
        using ReadAhead<int> queue = new(_ => Failing(), 1, CancellationToken.None);
        List<int> read = [];
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => read.AddRange(queue.Read()));
        Assert.Equal("row 3 is broken", error.Message);
        Assert.Equal([1, 2], Reread());

        List<int> Reread()
        {
            using ReadAhead<int> again = new(_ => Failing(), 1, CancellationToken.None);
            List<int> seen = [];
            try
            {
                foreach (int i in again.Read()) seen.Add(i);
            }
            catch (InvalidDataException) { }
            return seen;
        }
    }

    [Fact]
    public void Each_element_comes_with_the_one_after_it_where_that_waits_already()
    {
        using SemaphoreSlim more = new(0);
        IEnumerable<int> Slow()
        {
            yield return 1;
            yield return 2;
            more.Wait();
            yield return 3;
            throw new InvalidDataException("the end");
        }
        using ReadAhead<int> queue = new(_ => Slow(), 4, CancellationToken.None);
        List<(int, int)> read = [];
        Assert.Throws<InvalidDataException>(() =>
        {
            foreach ((int element, int next) in queue.ReadWithNext())
            {
                read.Add((element, next));
                if (element == 2) more.Release();
            }
        });
        Assert.Equal([1, 2, 3], read.Select(r => r.Item1)); // none is lost or doubled
        Assert.Equal((2, 0), read[1]); // 3 could not wait yet
        Assert.True(read[0].Item2 is 0 or 2);
    }

    [Fact]
    public void Stopping_ends_a_source_that_waits_for_more()
    {
        using CancellationTokenSource stop = new();
        IEnumerable<int> Waiting(CancellationToken cancel)
        {
            yield return 1;
            cancel.WaitHandle.WaitOne();
            cancel.ThrowIfCancellationRequested();
        }
        using ReadAhead<int> queue = new(Waiting, 2, stop.Token);
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (int i in queue.Read()) stop.CancelAfter(10);
        });
    }

    [Fact]
    public void A_sequence_that_was_stopped_before_it_was_read_is_not_taken_for_an_empty_one()
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        using ReadAhead<int> queue = new(_ => [1, 2, 3], 2, stop.Token);
        Thread.Sleep(20);
        Assert.ThrowsAny<OperationCanceledException>(() => queue.Read().ToList());
    }
}
