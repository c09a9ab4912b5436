using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Ranking.Training.Batches;

/// <summary>Runs a sequence on a thread of its own, ahead of who reads it by a bounded number of elements.</summary>
/// <typeparam name="T">What is read; elements that nobody takes are disposed of.</typeparam>
public sealed class ReadAhead<T> : IDisposable
{
    readonly BlockingCollection<T> queue;
    readonly CancellationTokenSource stop;
    readonly Thread thread;
    ExceptionDispatchInfo? failure;

    /// <summary>Starts reading ahead.</summary>
    /// <param name="produce">Makes the sequence; its token ends waits inside it.</param>
    /// <param name="capacity">How many elements wait at most.</param>
    /// <param name="cancel">Ends the reading, as disposing does.</param>
    public ReadAhead(Func<CancellationToken, IEnumerable<T>> produce, int capacity, CancellationToken cancel)
    {
        queue = new BlockingCollection<T>(capacity);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        thread = new Thread(() => Produce(produce)) { IsBackground = true, Name = "batches" };
        thread.Start();
    }

    /// <summary>The elements in order; throws what the sequence threw, after the elements before it.</summary>
    public IEnumerable<T> Read()
    {
        foreach (T element in queue.GetConsumingEnumerable(stop.Token)) yield return element;
        failure?.Throw();
        stop.Token.ThrowIfCancellationRequested(); // The thread ends without a failure then; that is not the sequence's end.
    }

    /// <summary>The elements in order, each with the one after it where that waits already.</summary>
    public IEnumerable<(T Element, T? Next)> ReadWithNext()
    {
        using IEnumerator<T> rest = Read().GetEnumerator();
        bool more = rest.MoveNext();
        T? element = more ? rest.Current : default;
        while (more)
        {
            bool waits = queue.TryTake(out T? next);
            yield return (element!, waits ? next : default);
            if (!waits && (more = rest.MoveNext())) next = rest.Current;
            element = next;
        }
    }

    /// <summary>Stops the thread and disposes of what waits.</summary>
    public void Dispose()
    {
        stop.Cancel();
        thread.Join();
        foreach (T element in queue) (element as IDisposable)?.Dispose();
        queue.Dispose();
        stop.Dispose();
    }

    void Produce(Func<CancellationToken, IEnumerable<T>> produce)
    {
        try
        {
            foreach (T element in produce(stop.Token)) queue.Add(element, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Who reads is stopped by the same token.
        }
#pragma warning disable CA1031 // Thrown again on the reader's thread.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = ExceptionDispatchInfo.Capture(error);
        }
        finally
        {
            queue.CompleteAdding();
        }
    }
}
