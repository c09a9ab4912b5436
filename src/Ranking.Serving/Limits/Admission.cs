using System.Threading.RateLimiting;
using Ranking.Features.Errors;
using Ranking.Serving.Ranking;
using Ranking.Serving.Telemetry;

namespace Ranking.Serving.Limits;

/// <summary>
/// Lets so many requests be worked on and so many wait; who comes after that is told to try again, at once. A queue without a
/// bound would answer everybody, too late.
/// </summary>
internal sealed class Admission(RankerLimits limits, RankerMetrics metrics) : IDisposable
{
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    readonly ConcurrencyLimiter limiter = new(new()
    {
        PermitLimit = limits.MaxConcurrent,
        QueueLimit = limits.MaxQueued,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Waits for a turn, at most until the deadline.</summary>
    /// <exception cref="RequestRefusedException">429: the queue is full. 504: the deadline passed in it.</exception>
    public ValueTask<RateLimitLease> EnterAsync(TimeSpan remaining, CancellationToken cancel)
    {
        RateLimitLease lease = limiter.AttemptAcquire();
        return lease.IsAcquired ? ValueTask.FromResult(lease) : WaitAsync(remaining, cancel);
    }

    async ValueTask<RateLimitLease> WaitAsync(TimeSpan remaining, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (remaining > TimeSpan.Zero) deadline.CancelAfter(remaining);
        metrics.Queued(1);
        try
        {
            RateLimitLease lease = await limiter.AcquireAsync(1, deadline.Token).ConfigureAwait(false);
            if (lease.IsAcquired) return lease;
            lease.Dispose();
            throw new RequestRefusedException(429, ErrorCodes.Overloaded,
                $"{limits.MaxConcurrent} requests are worked on and {limits.MaxQueued} wait", retryAfter: RetryAfter);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw Deadline.Passed("while the request waited for its turn");
        }
        finally
        {
            metrics.Queued(-1);
        }
    }

    public void Dispose() => limiter.Dispose();
}
