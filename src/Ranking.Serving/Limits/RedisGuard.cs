using Polly;
using Polly.CircuitBreaker;
using Ranking.Store;

namespace Ranking.Serving.Limits;

/// <summary>
/// Stands before searches in Redis (rows have the store's own guard): gives up after a short time, and after several failures stops asking for a while, so that an outage costs
/// requests nothing. One request in the break's end tries again; when it succeeds everybody does.
/// </summary>
internal sealed class RedisGuard
{
    /// <summary>Redis did not answer.</summary>
    public const string Unavailable = "redis_unavailable";

    /// <summary>Redis did not answer in time.</summary>
    public const string TimedOut = "redis_timeout";

    /// <summary>Redis failed just before and is not asked.</summary>
    public const string Open = "redis_circuit_open";

    readonly ResiliencePipeline breaker;

    public RedisGuard(TimeProvider clock)
    {
        breaker = new ResiliencePipelineBuilder { TimeProvider = clock }.AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            // Half of the calls of ten seconds, at least five of them: one slow answer does not open it, a dead server does at once.
            FailureRatio = 0.5,
            MinimumThroughput = 5,
            SamplingDuration = TimeSpan.FromSeconds(10),
            BreakDuration = TimeSpan.FromSeconds(1),
            ShouldHandle = new PredicateBuilder().Handle<Exception>(e => e is not OperationCanceledException),
        }).Build();
    }

    /// <summary>Asks Redis; the reason is null if it answered.</summary>
    /// <param name="ask">The call.</param>
    /// <param name="state">Its argument.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cutShort">Whether the time is short for the request's own sake, which is no fault of Redis.</param>
    public async ValueTask<(T? Answer, string? Reason)> AskAsync<T, TState>(Func<TState, Task<T>> ask, TState state, TimeSpan timeout, bool cutShort)
        where T : class
    {
        try
        {
            return await breaker.ExecuteAsync(
                static async (s, _) =>
                {
                    Task<T> answer = s.ask(s.state);
                    try
                    {
                        return ((T?)await answer.WaitAsync(s.timeout, CancellationToken.None).ConfigureAwait(false), (string?)null);
                    }
                    catch (TimeoutException) when (!answer.IsCompleted)
                    {
                        StoreConnection.Observe(answer);
                        if (s.cutShort) return (null, TimedOut);
                        throw;
                    }
                },
                (ask, state, timeout, cutShort),
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (BrokenCircuitException)
        {
            return (null, Open);
        }
        catch (TimeoutException)
        {
            return (null, TimedOut);
        }
#pragma warning disable CA1031 // Whatever Redis or its client throws, the request is ranked without it.
        catch (Exception)
#pragma warning restore CA1031
        {
            return (null, Unavailable);
        }
    }
}
